import { isErrno } from '../../../ipc/errors.ts';
import type { Credentials, FileProtocol } from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import type { ClientTree } from '../clientTree.ts';
import { toSent } from './batch.ts';
import type { Conflict, LogRecord } from './record.ts';
import { isLackOfRoom } from './roomWaits.ts';

/** Records that are looked at; those after them are when these have gone. */
const MAX_RECORDS = 10_000;

/**
 * All records of a log that the servers would refuse now, not only the first: so that all conflicts can be seen, and
 * settled, at once. Of those that the servers cannot be asked about, what was known before holds.
 * @param found what has been refused already
 * @returns by sequence number
 */
export async function findConflicts(
  tree: ClientTree,
  server: Remote<FileProtocol>,
  credentials: Credentials,
  volume: number,
  found: ReadonlyMap<number, Conflict>,
): Promise<ReadonlyMap<number, Conflict>> {
  const conflicts = new Map(found);
  const looked: LogRecord[] = [];
  for (const record of tree.logs.records(volume)) if (looked.push(record) === MAX_RECORDS) break;
  const { records } = toSent(looked, new Map(), (fid) => tree.lastKnown(fid));
  try {
    for (const { index, errno, why } of await server.call('certifyLog', { credentials, volume, records })) {
      const sequence = looked[index]?.sequence;
      // Room may be made: that is no conflict.
      if (isLackOfRoom(errno)) continue;
      if (sequence !== undefined && !conflicts.has(sequence))
        conflicts.set(sequence, { errno, ...(why === undefined ? {} : { why }) });
    }
  } catch (error) {
    if (!isErrno(error, 'ETIMEDOUT')) throw error;
    for (const { sequence, conflict } of tree.logs.conflicts(volume))
      if (conflict && !conflicts.has(sequence)) conflicts.set(sequence, conflict);
  }
  return conflicts;
}
