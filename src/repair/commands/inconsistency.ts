/** Ending an inconsistency as a whole: one version for all, nothing for all, or the mark alone taken away. */
import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { NotCodaPathError } from '../../ipc/errors.ts';
import { printable } from '../../term/printable.ts';
import { type Replacement, RepairError, type ServerSession } from '../backend.ts';
import type { CommandDefinition, Outcome } from '../commandDefinition.ts';
import { askYesNo } from '../conversation.ts';
import type { RepairRun } from '../repairRun.ts';
import { type Comparison, compareReplicas } from '../replicas/compare.ts';
import { repairUntilNormal, tellOutcomes } from '../replicas/cycles.ts';
import { LocalFileError, asLocal } from '../replicas/localFile.ts';
import { type Named, planToEmpty } from '../replicas/plan.ts';
import { type Replica, isAnswering } from '../replicas/replica.ts';
import { saveVersions } from '../replicas/saving.ts';
import { sentenceFor, silentText } from '../replicas/replicaTexts.ts';
import { countOf } from '../texts.ts';
import { LineError } from '../words.ts';
import { endOfRepair, namingOf } from './compareDirs.ts';

const INCONSISTENT = 1;

export const replaceInc: CommandDefinition = {
  name: 'replaceInc',
  aliases: [],
  summary: 'replace a file in conflict by one version of it, or by another file',
  help: [
    'FILE is the name of a server, whose version is taken; or a path in Coda; or a file of this machine. All servers get its contents, owner and mode. What they have is copied to this machine before. That takes effect at once; the session is over when the object is normal.',
  ],
  arguments: [{ name: 'FILE', question: 'Pathname of object to replace it with?' }],
  onInterrupt: 'end the session',
  run: (run, [file = '']) => replaceFile(run, file),
};

/** @throws LocalFileError, LineError for what cannot take the place of a file */
export async function replaceFile(run: RepairRun, typed: string): Promise<Outcome> {
  const { replicas, conversation } = run;
  const replacement = await replacementOf(run, typed);
  conversation.note('"replaceinc" will terminate the current repair session\n');
  if (conversation.answers) {
    const question = `Replace ${printable(run.object)}\n   with ${printable(typed)}?  [yes] `;
    const isWanted = await askYesNo(conversation, question, true);
    if (isWanted === undefined) return 'end';
    if (!isWanted) return aborted(run);
  }
  await saveVersions(replicas, run.save);
  const outcomes = await replicas.repair(replacement);
  const isWhole = await tellOutcomes(replicas, outcomes, conversation);
  const settled = await replicas.settle();
  if (settled === 'normal' && isWhole) conversation.print('Repair successful.\n');
  return endOfRepair(run, replicas, settled);
}

function aborted(run: RepairRun): Outcome {
  run.conversation.print('Operation aborted.\n');
  return 'failed';
}

async function replacementOf(run: RepairRun, typed: string): Promise<Replacement> {
  const { replicas } = run;
  const all = await replicas.replicas();
  const replica = all.find(({ server }) => server === typed);
  if (replica) return inCoda(run, replica.path, typed);
  const absolute = await realpath(resolve(typed)).catch(() => undefined);
  const path = await venusPath(run, absolute ?? resolve(typed));
  if (path !== undefined) return inCoda(run, path, typed);
  if (absolute === undefined) {
    const below = await venusPath(run, typed);
    if (below !== undefined) return inCoda(run, below, typed);
    throw new LocalFileError(`Couldn't find ${printable(typed)}`, {
      next: `Name a server (${all.map(({ server }) => printable(server)).join(', ')}), or a file.`,
    });
  }
  const status = await stat(absolute).catch((error: unknown) => {
    throw asLocal(error, `Couldn't find ${printable(typed)}`);
  });
  if (!status.isFile()) throw notRegular(typed);
  return { kind: 'local file', path: absolute };
}

function notRegular(typed: string): LocalFileError {
  return new LocalFileError(
    `File ${printable(typed)} is not a regular file (and hence cannot be used for repair)`,
  );
}

/** Undefined for what does not lie in Coda. */
async function venusPath(run: RepairRun, typed: string): Promise<string | undefined> {
  try {
    return await run.workplace.toVenusPath(typed);
  } catch (error) {
    if (error instanceof NotCodaPathError) return undefined;
    throw error;
  }
}

async function inCoda(run: RepairRun, path: string, typed: string): Promise<Replacement> {
  const files = await run.workplace.files();
  if ((await files.lstat(path)).type !== 'file') throw notRegular(typed);
  return run.replicas.fileInCoda(path);
}

export const removeInc: CommandDefinition = {
  name: 'removeInc',
  aliases: [],
  summary: 'remove an object in conflict from all servers, a directory with all below it',
  help: ['Nothing of it is left on any server. Copies of what they have are made on this machine before.'],
  arguments: [],
  onInterrupt: 'end the session',
  async run(run) {
    const { conversation, replicas } = run;
    const object = printable(run.object);
    const entries = run.begun.type === 'directory' ? await entriesOf(replicas) : undefined;
    const silent = (await replicas.replicas()).filter((replica) => !isAnswering(replica));
    if (silent.length > 0)
      throw new RepairError(`${object} cannot be removed from all servers`, {
        why: silentText(silent).trim(),
        next: 'Try again when they answer: cfs checkservers',
      });
    conversation.note('"removeinc" will terminate the current repair session\n');
    if (entries)
      for (const [{ server }, names] of entries)
        conversation.note(
          `${printable(server)} has ${countOf(names.length, 'entry that goes', 'entries that go')}\n`,
        );
    if (conversation.answers) {
      const isWanted = await askYesNo(conversation, `Completely remove ${object}?  [no] `, false);
      if (isWanted === undefined) return 'end';
      if (!isWanted) return aborted(run);
    }
    const outcome = entries ? await emptyDirectory(run, entries) : await unifyFile(run);
    if (outcome !== 'done') return outcome;
    await replicas.remove();
    conversation.print('Repair successful.\n');
    return 'done';
  },
};

type Entries = ReadonlyMap<Replica, readonly Named[]>;

async function entriesOf(replicas: ServerSession): Promise<Entries> {
  const entries = new Map<Replica, readonly Named[]>();
  for (const replica of (await replicas.replicas()).filter(isAnswering)) {
    const names: Named[] = [];
    for await (const { name, vnode, unique } of replicas.entries(replica))
      names.push({ name, object: { vnode, unique } });
    entries.set(replica, names);
  }
  return entries;
}

async function emptyDirectory(run: RepairRun, entries: Entries): Promise<Outcome> {
  const { replicas } = run;
  const known = (): boolean => false;
  const propose = (comparison: Comparison, found: Entries) => ({
    fixFile: planToEmpty(comparison, found),
    known,
  });
  const first = propose(await compareReplicas(replicas), entries);
  const ended = await repairUntilNormal(
    replicas,
    'removeInc',
    first,
    async (comparison) => propose(comparison, await entriesOf(replicas)),
    run,
  );
  return endOfRepair(run, replicas, ended);
}

async function unifyFile(run: RepairRun): Promise<Outcome> {
  const { replicas } = run;
  const [first] = (await replicas.replicas()).filter(isAnswering);
  if (!first) throw new RepairError('No server answers');
  await saveVersions(replicas, run.save);
  const outcomes = await replicas.repair(await replicas.fileInCoda(first.path));
  await tellOutcomes(replicas, outcomes, run.conversation);
  return endOfRepair(run, replicas, await replicas.settle());
}

export const clearInc: CommandDefinition = {
  name: 'clearInc',
  aliases: [],
  summary: 'take the mark of a conflict away from an object whose replicas are the same',
  help: [
    'It is refused as long as anything differs: entries, mode, owner, access list, contents, versions. doRepair with what compareDirs writes leads to the same and is the usual way.',
  ],
  arguments: [],
  onInterrupt: 'end the session',
  async run(run) {
    const { replicas, begun } = run;
    const all = await replicas.replicas();
    const answering = all.filter(isAnswering);
    const different =
      begun.type === 'directory' ? await directoryDifference(run) : await fileDifference(run, answering);
    const why =
      answering.length < all.length ? silentText(all.filter((each) => !isAnswering(each))).trim() : different;
    if (why !== undefined)
      throw new RepairError(
        "Error clearing inconsistency: Replicas not identical, can't clear inconsistency",
        {
          why,
          next:
            begun.type === 'directory'
              ? 'Make them the same: compareDirs, then doRepair'
              : 'Take one version: replaceInc SERVER',
        },
      );
    for (const replica of answering) {
      const { versionVector } = replica;
      const flags = versionVector.flags & ~INCONSISTENT;
      await replicas.setVersionVector(replica, { ...versionVector, flags });
    }
    return endOfRepair(run, replicas, await replicas.settle());
  },
};

async function directoryDifference(run: RepairRun): Promise<string | undefined> {
  const { differences } = await compareReplicas(run.replicas);
  const [first] = differences;
  return first && sentenceFor(first, namingOf(run));
}

async function fileDifference(
  run: RepairRun,
  answering: readonly (Replica & { readonly versionVector: { readonly versions: readonly number[] } })[],
): Promise<string | undefined> {
  const seen = new Set<string>();
  for (const replica of answering) {
    const status = await run.replicas.status(replica, '');
    if (!status) throw new LineError(`${printable(replica.server)} does not show its version`);
    const contents = status.type === 'file' ? await digestOf(run, replica.path) : '';
    const { type, length, mode, owner } = status;
    seen.add([type, length, mode, owner, contents, replica.versionVector.versions.join('.')].join(' '));
  }
  return seen.size > 1 ? 'Contents, mode, owner or versions of the file differ.' : undefined;
}

async function digestOf(run: RepairRun, path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of (await run.workplace.files()).read(path)) hash.update(bytes);
  return hash.digest('hex');
}
