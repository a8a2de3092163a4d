/** Settling what servers could not merge: the half of `coda resolve` that is about server/server conflicts. */
import { splitPath } from '../../ipc/codaPath.ts';
import { CodaError, isErrno } from '../../ipc/errors.ts';
import type { ServerConflict } from '../../ipc/repairs.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { ServerSession } from '../../repair/backend.ts';
import { besideName } from '../../repair/besideName.ts';
import { isBelow } from '../../repair/conflictList.ts';
import { authorOf } from '../../repair/serverConflictText.ts';
import type { Holder } from '../../repair/replicas/differences.ts';
import { type Chronicle, type ReplicaKeep, besideWhom } from '../../repair/replicas/keepDecisions.ts';
import { type KeptFile, type KeptObject, keepReplicas } from '../../repair/replicas/keepReplicas.ts';
import { printable } from '../../term/printable.ts';
import { InterruptedError } from '../../term/prompts.ts';
import { shellWord } from '../../term/shellWord.ts';
import { type Spinner, startSpinner } from '../../term/spinner.ts';
import type { Context } from '../context.ts';
import { openBackend } from '../repair/openBackend.ts';
import { conflictsAt } from './conflicts.ts';
import { keptJson, keptText } from './keptText.ts';
import { ReplacedFiles } from './replacedFiles.ts';

const LABEL = 'coda resolve';
/** Repairs of one object: each may bring others into conflict, but none for ever. */
const MAX_REPAIRS = 8;
/** Names that are tried before it is given up. */
const MAX_NAMES = 1000;

/** A conflict that is left, and why. */
class LeftOverError extends CodaError {
  readonly code = 'conflict';
}

/** What became of an object, for those who asked. */
export interface SettledObject {
  /** As the user sees it. */
  readonly path: string;
  readonly kept: KeptObject;
  /** Who wrote the version of a file that won, as far as that is known. */
  readonly author: string | undefined;
  /** Names of the versions that are kept beside the one that won. */
  readonly beside: readonly string[];
  /** Where copies are of what went. */
  readonly replaced: string | undefined;
}

/**
 * Settles conflicts, those deepest in the tree first: but what lies below another conflict is seen only when that is settled, so
 * that after each round the list is made anew. One failure does not stop the rest.
 * @param isWanted which conflicts are meant
 * @returns the documents for JSON
 */
export async function settleServers(
  context: Context,
  isWanted: (conflict: ServerConflict) => boolean,
  keep: ReplicaKeep,
  over: AbortSignal,
): Promise<readonly object[]> {
  const documents: object[] = [];
  const repairs = new Map<string, number>();
  for (;;) {
    const wanted = (await serverConflicts(context)).filter(isWanted);
    const ready = wanted.filter(({ path, fid }) => {
      const isHidden = wanted.some((other) => isBelow(path, other.path));
      return !isHidden && (repairs.get(fid) ?? 0) < MAX_REPAIRS;
    });
    const failures = new Map<string, unknown>();
    for (const conflict of ready.sort((one, other) => depthOf(other) - depthOf(one))) {
      if (over.aborted) return documents;
      try {
        const settled = await settleOne(context, conflict, keep, over);
        repairs.set(conflict.fid, (repairs.get(conflict.fid) ?? 0) + 1);
        documents.push(tell(context, settled));
      } catch (error) {
        failures.set(conflict.path, error);
      }
    }
    if (failures.size < ready.length) continue;
    await reportLeft(context, wanted, failures);
    return documents;
  }
}

export async function serverConflicts(context: Context): Promise<readonly ServerConflict[]> {
  const found: ServerConflict[] = [];
  for await (const conflict of conflictsAt(context, undefined))
    if (conflict.kind === 'server/server') found.push(conflict);
  return found;
}

function depthOf({ path }: ServerConflict): number {
  return path.split('/').length;
}

/** What nobody got to lies below a conflict that stays, or comes back again and again. */
async function reportLeft(
  context: Context,
  left: readonly ServerConflict[],
  failures: ReadonlyMap<string, unknown>,
): Promise<void> {
  for (const { path } of left) {
    const shown = context.userPath(`/coda${path}`);
    const above = left.find((other) => isBelow(path, other.path));
    const why =
      above === undefined
        ? `It came into conflict again after ${MAX_REPAIRS} repairs.`
        : `It lies below ${printable(context.userPath(`/coda${above.path}`))}, which is in conflict itself.`;
    const error =
      failures.get(path) ??
      new LeftOverError(`${printable(shown)}: stays in conflict`, {
        why,
        next: `Repair it by hand: repair ${shellWord(shown)}`,
      });
    await context.fail(error, LABEL, shown);
  }
}

function tell(context: Context, settled: SettledObject): object {
  if (!context.json) context.print(keptText(settled, context.surroundings.now()));
  if (settled.replaced) context.terminal.err(`what was replaced is in ${settled.replaced}\n`);
  return keptJson(settled);
}

async function settleOne(
  context: Context,
  conflict: ServerConflict,
  keep: ReplicaKeep,
  over: AbortSignal,
): Promise<SettledObject> {
  const shown = context.userPath(`/coda${conflict.path}`);
  const spinner = startSpinner(`settling ${printable(shown)}`, context.terminal);
  try {
    return await settleInSession(context, conflict, keep, over, spinner);
  } finally {
    spinner.stop();
  }
}

async function settleInSession(
  context: Context,
  conflict: ServerConflict,
  keep: ReplicaKeep,
  over: AbortSignal,
  spinner: Spinner,
): Promise<SettledObject> {
  const shown = context.userPath(`/coda${conflict.path}`);
  if (conflict.isExpanded) throw underRepair(shown);
  const place = await openBackend(context);
  const session = await place.backend.begin(conflict.path);
  if (session.kind !== 'server/server') {
    await session.abort();
    throw new LeftOverError(`${printable(shown)}: the servers agree by now`, { next: 'Try again.' });
  }
  try {
    const { isResumed } = await session.document();
    if (isResumed) throw underRepair(shown);
    const settled = await settleReplicas({
      context,
      session,
      files: await place.files(),
      keep,
      over,
      conflict,
    });
    spinner.stop();
    return settled;
  } catch (error) {
    await collapse(session);
    throw over.aborted ? new InterruptedError() : error;
  }
}

function underRepair(shown: string): LeftOverError {
  return new LeftOverError(`${printable(shown)} is under repair`, {
    why: 'Somebody looks at the versions of its servers.',
    next: `Go on with that: repair ${shellWord(shown)}. To end it: cfs endrepair ${shellWord(shown)}`,
  });
}

export interface Settling {
  readonly context: Context;
  readonly session: ServerSession;
  readonly files: FileTree;
  readonly keep: ReplicaKeep;
  readonly over: AbortSignal;
  readonly conflict: ServerConflict | undefined;
}

/**
 * Settles the object of a session as a whole: what goes is saved before, and what is kept beside is there in the end.
 * @throws LeftOverError where it is in conflict still; RepairError; VenusError
 */
export async function settleReplicas(settling: Settling): Promise<SettledObject> {
  const { context, session, files, keep, over, conflict } = settling;
  const { path, type } = await session.document();
  const shown = context.userPath(`/coda${path}`);
  const { entry } = splitPath(path);
  const replaced = new ReplacedFiles(context.surroundings, files, path, entry);
  const chronicle = chronicleOf(conflict);
  const onReplace = (below: string): Promise<void> =>
    replaced.save(below, type === 'file' ? copyOf(below, entry) : below);
  try {
    const kept = await keepReplicas({ session, files, keep, chronicle, onReplace, over }, type);
    if (kept.settled === 'in conflict') {
      await session.abort();
      throw new LeftOverError(`${printable(shown)}: the servers still differ`, {
        why: `It was repaired as far as that goes.`,
        next: `See what is left: repair ${shellWord(shown)}, and there compareDirs`,
      });
    }
    const beside =
      keep.kind === 'both' && kept.kind === 'file'
        ? await putBeside(settling, kept, replaced, chronicle)
        : [];
    const author = kept.kind === 'file' ? chronicle.authorOf(kept.kept.replica.server, '') : undefined;
    return { path: shown, kept, author, beside, replaced: replaced.directory };
  } catch (error) {
    if (replaced.directory) context.terminal.err(`copies of what was to go are in ${replaced.directory}\n`);
    throw error;
  }
}

function copyOf(server: string, entry: string): string {
  return `${server}/${entry}`;
}

function chronicleOf(conflict: ServerConflict | undefined): Chronicle {
  return {
    authorOf: (server, path) => conflict && authorOf(conflict, server, path),
    removedAt: (server, name) =>
      conflict?.divergences.findLast(
        ({ op, path, servers }) =>
          (op === 'remove' || op === 'rename') && path === name && servers.includes(server),
      )?.time,
  };
}

/** The other versions of a file, from their copies. A copy that is in Coda again is not needed any more. */
async function putBeside(
  { session, files }: Settling,
  { others }: KeptFile,
  replaced: ReplacedFiles,
  chronicle: Chronicle,
): Promise<readonly string[]> {
  const { directory, entry } = splitPath((await session.document()).path);
  const names: string[] = [];
  for (const other of others) {
    const copy = copyOf(other.replica.server, entry);
    const name = await putVersion(files, directory, entry, other, besideWhom(other, '', chronicle), replaced);
    await replaced.forget(copy);
    names.push(name);
  }
  return names;
}

async function putVersion(
  files: FileTree,
  directory: string,
  entry: string,
  { replica, status }: Holder,
  whose: string,
  replaced: ReplacedFiles,
): Promise<string> {
  const copy = copyOf(replica.server, entry);
  const type = status.type === 'symlink' ? 'symlink' : 'file';
  for (let attempt = 1; ; attempt++) {
    const name = besideName(entry, type, whose, status.modified, attempt);
    const path = `${directory}/${name}`;
    try {
      if (type === 'symlink') await files.symlink(path, await replaced.readlink(copy));
      else await files.write(path, replaced.read(copy), { mode: status.mode, exclusive: true });
      if (type === 'file') await files.setattr(path, { modified: status.modified });
      return name;
    } catch (error) {
      if (!isErrno(error, 'EEXIST') || attempt === MAX_NAMES) throw error;
    }
  }
}

/** However it ended, the object shows as a conflict again, or normal. */
async function collapse(session: ServerSession): Promise<void> {
  try {
    await session.abort();
  } catch (error) {
    // Venus may have ended, or somebody else has done it; why it failed is told already.
    if (!(error instanceof CodaError)) throw error;
  }
}
