/** Closures: what classic cfs calls the archive of a checkpoint, in today's form (spec/cfs.md, 6.5; spec/cml.md, 5). */
import { basename, join } from 'node:path';
import { chunksOf, openIfThere } from '../cml/checkpointFiles.ts';
import { checkpointName, logPathOf, parseCheckpointFile } from '../cml/checkpointNames.ts';
import { type CmlLine, UNKNOWN_PARENT } from '../cml/cmlLine.ts';
import { parseCml } from '../cml/cmlRecords.ts';
import { findCheckpoints } from '../cml/findCheckpoints.ts';
import { call } from '../ipc/call.ts';
import { getFid } from '../ipc/calls/getFid.ts';
import { getVolumeStatus } from '../ipc/calls/getVolumeStatus.ts';
import { CodaError, isErrno } from '../ipc/errors.ts';
import { shellWord } from '../term/shellWord.ts';
import type { Context } from './context.ts';
import { ExitStatus } from './exitStatus.ts';
import { allSpools } from './spools.ts';

/** A closure, and where its volume is mounted. */
export interface Closure {
  readonly archive: string;
  readonly volume: string;
  /** Of the root of the volume, as the user sees it. */
  readonly path: string;
}

/** What is no closure, or one whose volume cannot be found. */
export class ClosureError extends CodaError {
  readonly code = 'closure';
  override readonly unlabelled = true;
}

/** A directory of Coda's tree, which every path of a log lies in. */
const CODA = '/coda';
/** Of the root of a volume. */
const ROOT_NUMBER = 1;

/**
 * The closures that were named, or the newest of each volume of this user, wherever venus keeps them. Where there is
 * none, that is said and counted.
 */
export async function closuresToLookAt(
  context: Context,
  named: readonly string[],
): Promise<readonly string[]> {
  if (named.length > 0) return named;
  const { uid } = context.surroundings;
  const spools = await allSpools(context);
  const { checkpoints } = await findCheckpoints(spools);
  const found = checkpoints.flatMap((checkpoint) =>
    checkpoint.uid === uid && !checkpoint.isOld && checkpoint.archive !== undefined
      ? [checkpoint.archive]
      : [],
  );
  if (found.length === 0) {
    if (!context.json) {
      for (const spool of spools) context.print(`No closures found in ${join(spool, String(uid))}\n`);
      context.print('No closures found\n');
    }
    context.count(ExitStatus.Failed);
  }
  return found;
}

/**
 * Finds where the volume of a closure is mounted: in its log stand paths that lead through its root.
 * @throws ClosureError
 */
export async function findClosure(context: Context, archive: string): Promise<Closure> {
  const base = parseCheckpointFile(basename(archive))?.name;
  if (base === undefined) {
    throw new ClosureError(`malformed closure spec (${archive})`, {
      why: 'The archives of checkpoints are called REALM_VOLUME.tar or .cpio.',
      next: 'See which there are: coda rescue',
    });
  }
  const path = await firstPath(archive);
  for (const directory of path === undefined ? [] : directoriesAbove(path)) {
    const name = await volumeRootedAt(context, directory, base);
    if (name !== undefined) return { archive, volume: name, path: context.userPath(directory) };
  }
  throw new ClosureError(`${archive}: it cannot be told where its volume is mounted`, {
    why: 'No path in the log beside it leads through the root of a volume with this name.',
    next: `Say where: coda rescue ${shellWord(archive)} replay PATH`,
  });
}

/** The name of the volume in the name of a closure, without what stands for it in Coda. */
export function volumeInName(archive: string): string {
  return parseCheckpointFile(basename(archive))?.name ?? basename(archive);
}

/** The first path in the log of an archive that is known from the root on. */
async function firstPath(archive: string): Promise<string | undefined> {
  const log = logPathOf(archive);
  const file = log === undefined ? undefined : await openIfThere(log);
  if (!file) return undefined;
  try {
    for await (const line of parseCml(chunksOf(file))) {
      const path = pathOf(line);
      if (path?.startsWith(`${CODA}/`)) return path;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

function pathOf(line: CmlLine): string | undefined {
  const path = line.op === 'rename' ? line.from : line.op === 'repair' ? undefined : line.path;
  return path?.startsWith(UNKNOWN_PARENT) ? undefined : path;
}

/** From the topmost down. */
function directoriesAbove(path: string): readonly string[] {
  const parts = path.slice(CODA.length + 1).split('/');
  return parts.slice(0, -1).map((_, at) => `${CODA}/${parts.slice(0, at + 1).join('/')}`);
}

/** @returns the name of the volume whose root a directory is, if its checkpoints have this name */
async function volumeRootedAt(
  context: Context,
  directory: string,
  base: string,
): Promise<string | undefined> {
  try {
    const venus = await context.pioctls();
    const { path } = await context.target(context.userPath(directory));
    const { name } = await call(venus, getVolumeStatus, path, true);
    const { fid } = await call(venus, getFid, path, undefined);
    const isRoot = fid.vnode === ROOT_NUMBER && fid.unique === ROOT_NUMBER;
    const owner = { uid: context.surroundings.uid, realm: fid.realm, volume: name };
    return isRoot && checkpointName(owner) === base ? name : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
