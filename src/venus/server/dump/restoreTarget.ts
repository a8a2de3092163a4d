import type { HeaderRecord, IndexEndRecord, ObjectId } from '../../../dump/record.ts';
import { VNODE_LIMIT } from '../../../dump/record.ts';
import { decodeText } from '../../../ipc/text.ts';
import type { Containers } from '../../store/containers.ts';
import type { Writer } from '../../store/database.ts';
import type { Vnodes } from '../../tree/vnodes.ts';
import type { VolumeRecord } from '../../tree/volumeRecord.ts';
import { type Examination, impossible } from './examine.ts';
import type { RestoredObject } from './restoredObject.ts';
import type { VolumeTables } from './volumeTables.ts';

export interface TargetOptions {
  readonly vnodes: Vnodes;
  readonly tables: VolumeTables;
  readonly containers: Containers;
  readonly volume: number;
  readonly now: () => number;
}

/** What a restore makes, a part at a time. */
export interface RestoreTarget {
  /** @throws RefusedError where the dump is not for it */
  begin(header: HeaderRecord): Promise<void>;
  /** Objects, whose contents are on the disk. */
  put(objects: readonly RestoredObject[]): Promise<void>;
  remove(objects: readonly ObjectId[]): Promise<void>;
  /**
   * All has come.
   * @param end of the index, where it is whole
   * @returns names of the directories made in place of lost ones
   */
  finish(header: HeaderRecord, end: IndexEndRecord | undefined): Promise<readonly string[]>;
  /** Undoes all of it. */
  abandon(): Promise<void>;
}

/** Stores an object and enters its names; the counts of its directory are not touched. @throws DumpDamagedError */
export function putObject(vnodes: Vnodes, writer: Writer, { vnode, names }: RestoredObject): void {
  vnodes.put(writer, vnode);
  const { fid, type, parent } = vnode;
  if (!parent) return;
  for (const bytes of names) {
    const name = decodeText(bytes);
    if (vnodes.entry(parent, name)) impossible('two objects have the same name');
    vnodes.setEntries(writer, parent, [{ name, fid, type }]);
  }
}

/** A volume as the header describes it. Numbers that are in use are not given again, whatever it says. */
export function describedVolume(
  present: VolumeRecord,
  { volume }: HeaderRecord,
  { largest }: Examination,
): VolumeRecord {
  const { minQuota, maxQuota, offlineMessage, messageOfTheDay } = volume;
  const next = (said: number, before: number, used: number) =>
    Math.max(Math.min(said, VNODE_LIMIT), before, used);
  return {
    ...present,
    minQuota,
    maxQuota,
    offlineMessage,
    messageOfTheDay,
    nextDirectory: next(volume.nextDirectory | 1, present.nextDirectory, largest.directory + 2),
    nextFile: next((volume.nextFile >>> 1) * 2, present.nextFile, largest.file + 2),
    nextUnique: next(volume.nextUnique, present.nextUnique, largest.unique + 1),
  };
}
