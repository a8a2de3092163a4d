import { randomInt } from 'node:crypto';
import { type Vnode, type Vnodes } from '../../tree/vnodes.ts';
import { NUMBERS_PER_SITE, type VolumeRecord } from '../../tree/volumeRecord.ts';

/** Fids that may be with clients, set aside by the server before it lost what it had: they are not given again. */
const FORGOTTEN = 0x400_0000;

/** A replica of which only the objects are known: the numbers that its server may give, beyond all that it can have given. */
export function withOwnNumbers(vnodes: Vnodes, record: VolumeRecord): VolumeRecord {
  const start = record.site * NUMBERS_PER_SITE;
  const largest = { directory: start + 1, file: start + 2, unique: start + 1 };
  for (const vnode of vnodes.inVolume(record.id, 0)) note(largest, vnode, record.site);
  // A server may lose all twice, and nothing tells then what it gave between: by chance it begins elsewhere.
  const beyond = FORGOTTEN + 2 * randomInt(FORGOTTEN / 2);
  return {
    ...record,
    nextDirectory: largest.directory + beyond,
    nextFile: largest.file + beyond,
    nextUnique: largest.unique + beyond,
  };
}

function note(
  largest: { directory: number; file: number; unique: number },
  { fid, type }: Vnode,
  site: number,
): void {
  const isOwn = (number: number) => Math.floor(number / NUMBERS_PER_SITE) === site;
  const kind = type === 'directory' ? 'directory' : 'file';
  if (isOwn(fid.vnode)) largest[kind] = Math.max(largest[kind], fid.vnode);
  if (isOwn(fid.unique)) largest.unique = Math.max(largest.unique, fid.unique);
}
