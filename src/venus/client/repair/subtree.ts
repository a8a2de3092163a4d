import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { directoriesOf } from '../../net/mutation.ts';
import { sameFid } from '../../tree/vnodes.ts';
import type { ClientTree } from '../clientTree.ts';
import { type LogRecord, objectsOf } from '../log/record.ts';

/** The records of a log that are about an object or about anything below it, oldest first. */
export function recordsBelow(tree: ClientTree, object: Fid): readonly LogRecord[] {
  const records = [...tree.logs.records(object.volume)];
  const parents = parentsIn(records);
  const known = new Map<string, boolean>();
  const isBelow = (fid: Fid): boolean => {
    if (sameFid(fid, object)) return true;
    const text = formatFid(fid);
    const found = known.get(text);
    if (found !== undefined) return found;
    known.set(text, false);
    const parent = tree.cache.vnodes.find(fid)?.parent ?? parents.get(text);
    const result = parent !== undefined && isBelow(parent);
    known.set(text, result);
    return result;
  };
  return records.filter((record) => objectsOf(record).some(isBelow));
}

/** Where the objects were that a log removes: nothing else knows that any more. */
function parentsIn(records: readonly LogRecord[]): ReadonlyMap<string, Fid> {
  const parents = new Map<string, Fid>();
  for (const { mutation } of records) {
    const parent = directoriesOf(mutation).at(-1);
    if (parent) parents.set(formatFid(mutation.fid), parent);
  }
  return parents;
}
