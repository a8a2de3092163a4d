/** Settling a server/server conflict in one way, without asking anybody. */
import { createHash } from 'node:crypto';
import type { RepairDocument } from '../../ipc/repairs.ts';
import type { FileTree } from '../../ipc/venus.ts';
import { RepairError, type ServerSession, type Settled } from '../backend.ts';
import type { Conversation } from '../conversation.ts';
import { type Comparison, compareReplicas } from './compare.ts';
import { repairUntilNormal, tellOutcomes } from './cycles.ts';
import type { Decisions } from './decisions.ts';
import { type Holder, newestOf } from './differences.ts';
import { type Chronicle, type Decided, type ReplicaKeep, decideAll } from './keepDecisions.ts';
import { type Plan, planFor } from './plan.ts';
import { type Replica, isAnswering } from './replica.ts';
import type { Save } from './saving.ts';

export interface KeepOptions {
  readonly session: ServerSession;
  /** The tree in which the object is expanded. */
  readonly files: FileTree;
  readonly keep: ReplicaKeep;
  readonly chronicle: Chronicle;
  readonly onReplace: Save;
  readonly over: AbortSignal;
}

/** What became of an object. */
export type KeptObject = KeptFile | KeptDirectory;

export interface KeptFile {
  readonly kind: 'file';
  readonly settled: Settled;
  /** The version that won. */
  readonly kept: Holder;
  /** Versions that differ from it, each once: they were given to `onReplace` before. */
  readonly others: readonly Holder[];
  /** Servers that did not answer. */
  readonly silent: readonly Replica[];
}

export interface KeptDirectory {
  readonly kind: 'directory';
  readonly settled: Settled;
  readonly decided: readonly Decided[];
  readonly silent: readonly Replica[];
}

/**
 * Repairs the object of a session as `keep` says. Whatever it ends with, the caller collapses the object where it is still in conflict.
 * @throws RepairError; VenusError
 */
export async function keepReplicas(options: KeepOptions, type: RepairDocument['type']): Promise<KeptObject> {
  await checkServer(options);
  return type === 'directory' ? keepDirectory(options) : keepFile(options);
}

/** A server whose version is to be kept has to show it. */
async function checkServer({ session, keep }: KeepOptions): Promise<void> {
  if (keep.kind !== 'server') return;
  const all = await session.replicas();
  const named = all.find(({ server }) => server === keep.server);
  if (!named)
    throw new RepairError(`${keep.server} has no replica of it`, {
      next: `Name one of its servers: ${all.map(({ server }) => server).join(', ')}`,
    });
  if (!isAnswering(named))
    throw new RepairError(`${keep.server} does not show its version`, {
      why: 'It cannot be reached, or does not have the object.',
      next: 'Try again when it answers (cfs checkservers), or keep another version.',
    });
}

async function keepFile(options: KeepOptions): Promise<KeptFile> {
  const { session, keep, onReplace, over } = options;
  const all = await session.replicas();
  const versions: Version[] = [];
  for (const replica of all.filter(isAnswering)) {
    const status = await session.status(replica, '');
    if (status) versions.push({ replica, status, digest: await digestOf(options, replica, status.type) });
  }
  const kept =
    keep.kind === 'server'
      ? versions.find(({ replica }) => replica.server === keep.server)
      : newestOf(versions);
  if (!kept) throw new RepairError('No server shows its version');
  const different = new Map(versions.map((version) => [version.digest, version]));
  different.delete(kept.digest);
  const others = [...different.values()];
  for (const { replica } of others) await onReplace(replica.server);
  if (over.aborted) throw new RepairError('The repair was interrupted');
  const told = new Told();
  const outcomes = await session.repair(await session.fileInCoda(kept.replica.path));
  const isWhole = await tellOutcomes(session, outcomes, told);
  const settled = await session.settle();
  if (!isWhole && settled === 'in conflict') throw told.error();
  return { kind: 'file', settled, kept, others, silent: all.filter((each) => !isAnswering(each)) };
}

interface Version extends Holder {
  readonly digest: string;
}

async function digestOf({ files }: KeepOptions, { path }: Replica, type: string): Promise<string> {
  const hash = createHash('sha256').update(`${type}\0`);
  if (type === 'symlink') hash.update(await files.readlink(path));
  else for await (const bytes of files.read(path)) hash.update(bytes);
  return hash.digest('hex');
}

async function keepDirectory(options: KeepOptions): Promise<KeptDirectory> {
  const { session, over, onReplace: save } = options;
  const comparison = await compareReplicas(session, over);
  const decisions: Decisions = new Map();
  const decided: Decided[] = [];
  const propose = (compared: Comparison): Plan => {
    decided.push(...decideAll(compared, decisions, options.keep, options.chronicle));
    const plan = planFor(compared, decisions);
    if (over.aborted) throw new RepairError('The repair was interrupted');
    return plan;
  };
  const told = new Told();
  const ways = { conversation: told, save };
  const ended = await repairUntilNormal(session, 'The plan', propose(comparison), propose, ways);
  const settled = ended === 'end of input' ? 'in conflict' : ended;
  if (settled === 'in conflict' && told.hasFailures) throw told.error();
  return { kind: 'directory', settled, decided, silent: comparison.silent };
}

/** Nobody listens while it goes on; what failed is told with the error. */
class Told implements Conversation {
  readonly answers = false;
  #text = '';

  get hasFailures(): boolean {
    return this.#text !== '';
  }

  error(): RepairError {
    return new RepairError('Some servers did not take the repair', { why: this.#text.trim() });
  }

  print(text: string): void {
    this.#text += text;
  }

  note(): void {
    // What succeeded is told in the end.
  }

  printBytes(): void {
    // Nothing prints files here.
  }

  report(error: unknown): Promise<void> {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }

  ask(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  run(): Promise<number> {
    return Promise.reject(new RepairError('No program is run here'));
  }
}
