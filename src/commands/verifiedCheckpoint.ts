import * as v from 'valibot';
import type { ArchiveFormat } from '../cml/archive/entry.ts';
import { verifyCheckpointFiles } from '../cml/checkpointFiles.ts';
import { checkpointName } from '../cml/checkpointNames.ts';
import { findCheckpoints } from '../cml/findCheckpoints.ts';
import type { Verification } from '../cml/verify.ts';
import { call } from '../ipc/call.ts';
import { checkpointLog } from '../ipc/calls/checkpointLog.ts';
import { getFid } from '../ipc/calls/getFid.ts';
import { getVolumeStatus } from '../ipc/calls/getVolumeStatus.ts';
import { CodaError, UnsupportedError, VenusError } from '../ipc/errors.ts';
import { errno } from '../ipc/errno.ts';
import { toQueryName } from '../ipc/socket/routes.ts';
import { printable } from '../term/printable.ts';
import type { Context } from './context.ts';
import { classicSpools } from './spools.ts';

/** A checkpoint that could not be found, or does not hold what the log needs. */
export class UnverifiedError extends CodaError {
  readonly code = 'unverified';
}

export interface VerifiedCheckpoint extends Verification {
  readonly archive: string;
  /** Of the embedded venus: the last record that is in it. */
  readonly last: number | undefined;
  readonly volume: number | undefined;
}

export interface CheckpointRequest {
  /** Where, if not in venus's own spool. */
  readonly directory?: string | undefined;
  /** What archive, if not venus's own choice. */
  readonly format?: ArchiveFormat | undefined;
}

const writtenSchema = v.object({
  archive: v.string(),
  log: v.string(),
  last: v.number(),
  volume: v.number(),
  entries: v.number(),
  root: v.string(),
});

/**
 * Has venus write a checkpoint of the log of the volume at a path, and reads it to its end.
 * @throws UnverifiedError; UnsupportedError for a format at a mounted Coda; VenusError ENOENT for an empty log;
 * RefusedError archive-limit for what the format cannot hold
 */
export async function makeCheckpoint(
  context: Context,
  path: string,
  request: CheckpointRequest,
): Promise<VerifiedCheckpoint> {
  const make = !context.isEmbedded() ? onMount : onEmbedded;
  const made = await make(context, path, request);
  if (!made.verified) {
    const [first] = made.problems;
    throw new UnverifiedError(`${made.archive}: does not hold all of the log`, {
      why: first === undefined ? 'It could not be read.' : printable(first.message),
      next: `Look at it: coda rescue ${made.archive} verify`,
    });
  }
  return made;
}

/** What a checkpoint holds, in a line. */
export function describeCheckpoint(made: VerifiedCheckpoint): string {
  return `${printable(made.archive)}: ${describeContents(made)}, verified`;
}

/** What of a log is in an archive. */
export function describeContents({ entries, files, bytes, nothingToArchive }: Verification): string {
  return nothingToArchive
    ? `${entries} entries without contents (removals, renames, attribute changes), nothing to archive`
    : `${entries} entries, ${files} files, ${bytes} bytes`;
}

async function onEmbedded(
  context: Context,
  path: string,
  { directory, format }: CheckpointRequest,
): Promise<VerifiedCheckpoint> {
  if (directory !== undefined) throw new VenusError(errno('EOPNOTSUPP'));
  const http = await context.http('cfs checkpointml');
  const query = `path=${toQueryName(path)}${format === undefined ? '' : `&format=${format}`}`;
  const made = await http.json({ method: 'POST', route: `/logs/checkpoint?${query}` }, writtenSchema);
  const { archive, log, entries, root, last, volume } = made;
  const verification = await verifyCheckpointFiles(archive, { log, pending: entries, root });
  return { ...verification, archive, last, volume };
}

async function onMount(
  context: Context,
  path: string,
  { directory, format }: CheckpointRequest,
): Promise<VerifiedCheckpoint> {
  if (format !== undefined) {
    throw new UnsupportedError(`--format ${format}: a mounted Coda chooses the format itself`, {
      why: 'Its venus writes what checkpointformat says in venus.conf.',
      next: 'Leave --format out, or set checkpointformat there and start venus anew.',
    });
  }
  const venus = await context.pioctls();
  const { name, logEntries } = await call(venus, getVolumeStatus, path, undefined);
  const { fid } = await call(venus, getFid, path, false);
  await call(venus, checkpointLog, path, directory);
  const base = checkpointName({ uid: context.surroundings.uid, realm: fid.realm, volume: name });
  const spools = directory === undefined ? classicSpools(context) : [];
  const { checkpoints } = await findCheckpoints(spools);
  const found = checkpoints.find(
    (checkpoint) =>
      checkpoint.name === base && !checkpoint.isOld && checkpoint.uid === context.surroundings.uid,
  );
  if (found?.archive === undefined) {
    throw new UnverifiedError('the checkpoint was written, but is not where it can be read', {
      why: `There is no ${base} in ${[...spools, ...(directory === undefined ? [] : [directory])].join(', ')} for uid ${context.surroundings.uid}.`,
      next: 'Verify it by hand: coda rescue ARCHIVE verify',
    });
  }
  const log = found.log === undefined ? {} : { log: found.log };
  const verification = await verifyCheckpointFiles(found.archive, { ...log, pending: logEntries });
  return { ...verification, archive: found.archive, last: undefined, volume: undefined };
}
