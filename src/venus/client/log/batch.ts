import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import { type KnownUpdate, type SentMutation, directoriesOf } from '../../net/mutation.ts';
import type { LogRecord } from './record.ts';

/** Records sent in one message at most (spec/cml.md, 2.2), and bytes of contents that go with them. */
const MAX_RECORDS = 100;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The first records of a log that may go together: one at least.
 * @param isReady whether a record may go now
 * @param maxBytes of contents that the time suffices for
 */
export function takeBatch(
  records: Iterable<LogRecord>,
  isReady: (record: LogRecord) => boolean,
  maxBytes = Infinity,
): readonly LogRecord[] {
  const room = Math.min(MAX_BYTES, maxBytes);
  const batch: LogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    bytes += record.mutation.op === 'store' ? record.mutation.length : 0;
    const fits = batch.length < MAX_RECORDS && (batch.length === 0 || bytes <= room);
    const goesWith = record.viceId === (batch[0]?.viceId ?? record.viceId);
    if (!fits || !goesWith || record.conflict || !isReady(record)) break;
    batch.push(record);
  }
  return batch;
}

/**
 * A batch as it is sent: each record with the update of its object that it is based on.
 * @param lastKnown the last update of an object that the servers told of
 */
export function toSent(
  batch: readonly LogRecord[],
  handles: ReadonlyMap<number, number>,
  lastKnown: (fid: Fid) => StoreId | undefined,
): { readonly records: readonly SentMutation[]; readonly known: readonly KnownUpdate[] } {
  const last = new Map<number, StoreId>();
  const known = new Map<number, KnownUpdate>();
  const records = batch.map(({ sequence, storeId, time, mutation }) => {
    const { fid } = mutation;
    for (const directory of [...directoriesOf(mutation), fid]) {
      const update = lastKnown(directory);
      if (update) known.set(directory.vnode, { fid: directory, storeId: update });
    }
    const base = last.get(fid.vnode) ?? lastKnown(fid);
    last.set(fid.vnode, storeId);
    return { storeId, time, mutation, base, handle: handles.get(sequence) };
  });
  return { records, known: [...known.values()] };
}
