import type { HeaderRecord, IndexEndRecord } from '../../../dump/record.ts';
import type { Database, Table } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import { fail } from '../../fail.ts';
import { ROOT_VNODE } from '../../tree/vnodes.ts';
import { type VolumeMember, isReplicated } from '../../tree/volumeRecord.ts';
import { withOwnNumbers } from '../resolution/ownNumbers.ts';
import { encodeText } from '../../../ipc/text.ts';
import { checkBelowRoot, examine, impossible, recounted, slowly, stateOf } from './examine.ts';
import { type RestoredObject, standIn } from './restoredObject.ts';
import { type RestoreTarget, type TargetOptions, describedVolume, putObject } from './restoreTarget.ts';
import { VolumeTables } from './volumeTables.ts';

export interface NewVolumeOptions extends TargetOptions {
  readonly replica: number;
  readonly members: readonly VolumeMember[];
  readonly name: string;
}

/** Rows removed, and directories counted, in one transaction. */
const [ROWS, DIRECTORIES] = [2000, 64];
const NOTHING = new Uint8Array(0);

/** A full dump becomes a volume that nobody knows of before it is whole. If the server ends before, it goes away. */
export class NewVolume implements RestoreTarget {
  readonly #options: NewVolumeOptions;
  #isBegun = false;

  constructor(options: NewVolumeOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { vnodes, volume, replica, members, name } = this.#options;
    await vnodes.database.transaction((writer) => {
      if (vnodes.hasVolume(volume)) fail('EEXIST');
      writer.put(unsettledVolumes(vnodes.database), key(volume), true);
      const quota = { minQuota: 0, maxQuota: 0, blocksUsed: 0 };
      const messages = { offlineMessage: NOTHING, messageOfTheDay: NOTHING };
      const next = { nextDirectory: 0, nextFile: 0, nextUnique: 0 };
      vnodes.putVolume(writer, {
        id: volume,
        replica,
        site: 0,
        members,
        name,
        ...quota,
        ...messages,
        ...next,
      });
    });
    this.#isBegun = true;
  }

  async put(objects: readonly RestoredObject[]): Promise<void> {
    const { vnodes } = this.#options;
    await vnodes.database.transaction((writer) => {
      for (const object of objects) putObject(vnodes, writer, object);
    });
  }

  remove(): Promise<void> {
    return impossible('a full dump removes objects');
  }

  async finish(header: HeaderRecord, end: IndexEndRecord | undefined): Promise<readonly string[]> {
    const { vnodes, tables, volume } = this.#options;
    const before = await slowly(examine(tables, volume));
    const standIns = end ? [] : await this.#mend(before.missing);
    const found = standIns.length > 0 ? await slowly(examine(tables, volume)) : before;
    if (found.missing.size > 0) impossible('objects are in directories that are not there');
    checkBelowRoot(found.directories);
    await this.#count([...found.directories.keys()]);
    if (end && Buffer.compare(await slowly(stateOf(tables, volume)), end.state) !== 0)
      impossible('its objects are not those of its index');
    await vnodes.database.transaction((writer) => {
      const described = describedVolume(vnodes.volume(volume), header, found);
      vnodes.putVolume(writer, isReplicated(described) ? withOwnNumbers(vnodes, described) : described);
    });
    return standIns;
  }

  async abandon(): Promise<void> {
    const { tables, containers, volume } = this.#options;
    if (!this.#isBegun) return;
    await removeVolume(tables, volume, (container) => containers.remove(container));
  }

  /** Makes directories in place of those that were lost, in the root. */
  async #mend(missing: ReadonlyMap<number, number>): Promise<readonly string[]> {
    const { volume, now } = this.#options;
    const objects = [...missing].map(([vnode, unique]): RestoredObject => {
      const names = vnode === ROOT_VNODE ? [] : [`lost.${vnode.toString(16)}.${unique.toString(16)}`];
      return {
        vnode: standIn(volume, { vnode, unique }, now()),
        names: names.map((name) => Uint8Array.from(encodeText(name))),
      };
    });
    await this.put(objects);
    return objects.map(({ names: [name] }) => (name ? Buffer.from(name).toString() : '/'));
  }

  async #count(directories: readonly number[]): Promise<void> {
    const { vnodes, tables, volume } = this.#options;
    for (let at = 0; at < directories.length; at += DIRECTORIES) {
      await vnodes.database.transaction((writer) => {
        for (const number of directories.slice(at, at + DIRECTORIES)) {
          const directory = tables.vnode(volume, number);
          if (directory?.type === 'directory') vnodes.put(writer, recounted(tables, directory));
        }
      });
    }
  }
}

/** Volumes that are being restored, or were and are not in the list of the realm yet. */
export function unsettledVolumes(database: Database): Table<true> {
  return database.table<true>('restoring');
}

/** Removes a volume that nobody knows of. */
export async function removeVolume(
  tables: VolumeTables,
  volume: number,
  discard: (container: number) => Promise<void>,
): Promise<void> {
  for (;;) {
    const removed = await tables.database.transaction((writer) => {
      const containers = tables.removeSome(writer, volume, ROWS);
      if (!containers) writer.remove(unsettledVolumes(tables.database), key(volume));
      return containers;
    });
    if (!removed) return;
    for (const container of removed) await discard(container);
  }
}

/** What a server that ended in the middle of a restore has left. @param isPublished whether the realm's list has a volume */
export async function removeUnsettled(
  database: Database,
  isPublished: (volume: number) => boolean,
): Promise<void> {
  const unsettled = unsettledVolumes(database);
  for (const { key: found } of [...unsettled.all()]) {
    const volume = Buffer.from(found).readUInt32BE();
    if (!isPublished(volume)) await removeVolume(new VolumeTables(database), volume, () => Promise.resolve());
    await database.transaction((writer) => writer.remove(unsettled, found));
  }
}
