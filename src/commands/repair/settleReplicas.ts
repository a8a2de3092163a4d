/** Settling one object that servers have different versions of, for `coda resolve` and `repair --keep`. */
import { splitPath } from '../../ipc/codaPath.ts';
import { CodaError, isErrno } from '../../ipc/errors.ts';
import type { ServerConflict } from '../../ipc/repairs.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { ServerSession } from '../../repair/backend.ts';
import { besideName } from '../../repair/besideName.ts';
import type { Holder } from '../../repair/replicas/differences.ts';
import { type Chronicle, type ReplicaKeep, besideWhom } from '../../repair/replicas/keepDecisions.ts';
import { type KeptFile, type KeptObject, keepReplicas } from '../../repair/replicas/keepReplicas.ts';
import { authorOf } from '../../repair/serverConflictText.ts';
import { printable } from '../../term/printable.ts';
import { shellWord } from '../../term/shellWord.ts';
import { ReplacedFiles } from '../coda/replacedFiles.ts';
import type { Context } from '../context.ts';

/** Names that are tried before it is given up. */
const MAX_NAMES = 1000;

/** A conflict that is left, and why. */
export class LeftOverError extends CodaError {
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
    type === 'file' ? replaced.saveVersion(below) : replaced.save(below);
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
