import { fingerprint } from '../../../dump/state.ts';
import type { IndexEntry, ObjectId, ObjectStatus } from '../../../dump/record.ts';
import { decodeText } from '../../../ipc/text.ts';
import type { Database, Snapshot, Table, Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';
import type { Entry, Vnode } from '../../tree/vnodes.ts';
import { type StoredVolume, type VolumeRecord, volumeRecordOf } from '../../tree/volumeRecord.ts';

export interface IndexedObject extends IndexEntry {
  readonly object: Vnode;
  readonly names: readonly string[];
}

/** Vnodes read at a time, so that no cursor stays open while others work. */
const BATCH = 256;

/** The tables of a file server as dumps and restores look at them: a volume at a time, as a whole. */
export class VolumeTables {
  readonly database: Database;
  readonly #volumes: Table<StoredVolume>;
  readonly #vnodes: Table<Vnode>;
  readonly #entries: Table<Entry>;
  readonly #names: Table<true>;

  constructor(database: Database) {
    this.database = database;
    this.#volumes = database.table('volumes');
    this.#vnodes = database.table('vnodes');
    this.#entries = database.table('entries');
    this.#names = database.table('names');
  }

  volume(id: number, snapshot?: Snapshot): VolumeRecord | undefined {
    const stored = this.#volumes.get(key(id), snapshot);
    return stored && volumeRecordOf(stored);
  }

  vnode(volume: number, vnode: number, snapshot?: Snapshot): Vnode | undefined {
    return this.#vnodes.get(key(volume, vnode), snapshot);
  }

  /** All objects of a volume in the order of their numbers. It may be left and gone on with. */
  *vnodes(volume: number, snapshot?: Snapshot): Generator<Vnode> {
    for (let after: Key | undefined; ;) {
      const batch: Vnode[] = [];
      for (const found of this.#vnodes.entries(key(volume), after, snapshot)) {
        batch.push(found.value);
        after = found.key;
        if (batch.length === BATCH) break;
      }
      yield* batch;
      if (batch.length < BATCH) return;
    }
  }

  /** All names of an object in its directory. */
  namesOf({ fid, parent }: Vnode, snapshot?: Snapshot): readonly string[] {
    if (!parent) return [];
    const prefix = key(fid.volume, fid.vnode, parent.vnode);
    const names: string[] = [];
    for (const { key: found } of this.#names.entries(prefix, undefined, snapshot))
      names.push(decodeText(found.subarray(prefix.length)));
    return names;
  }

  /** How many entries a directory has, what they take, and how many of them are directories. */
  *entriesOf(volume: number, directory: number): Generator<{ readonly name: string; readonly entry: Entry }> {
    const prefix = key(volume, directory);
    for (const { key: found, value } of this.#entries.entries(prefix))
      yield { name: decodeText(found.subarray(prefix.length)), entry: value };
  }

  /** What a volume's objects are like, one after the other. */
  *index(volume: number, snapshot?: Snapshot): Generator<IndexedObject> {
    for (const object of this.vnodes(volume, snapshot)) {
      const names = this.namesOf(object, snapshot);
      const { vnode, unique } = object.fid;
      yield { vnode, unique, fingerprint: fingerprint(statusOf(object, names), names), object, names };
    }
  }

  /** Forgets up to some number of rows of a volume, the volume itself last. @returns the containers they name, or none when nothing is left */
  removeSome(writer: Writer, volume: number, count: number): readonly number[] | undefined {
    const containers: number[] = [];
    let left = count;
    for (const table of [this.#names, this.#entries, this.#vnodes]) {
      const found: { readonly key: Key; readonly value: unknown }[] = [];
      for (const row of table.entries(key(volume))) {
        if (found.length >= left) break;
        found.push(row);
      }
      left -= found.length;
      for (const row of found) writer.remove(table, row.key);
      if (table === this.#vnodes)
        for (const row of found) {
          const vnode = this.#asFile(row.value);
          if (vnode !== undefined) containers.push(vnode);
        }
      if (left === 0) return containers;
    }
    if (left < count) return containers;
    writer.remove(this.#volumes, key(volume));
    return undefined;
  }

  #asFile(value: unknown): number | undefined {
    if (typeof value !== 'object' || value === null || !('container' in value)) return undefined;
    return typeof value.container === 'number' ? value.container : undefined;
  }
}

/** An object as a dump describes it. */
export function statusOf(vnode: Vnode, names: readonly string[]): ObjectStatus {
  const { owner, mode, modified, versionVector } = vnode;
  const parent = vnode.parent && idOf(vnode.parent);
  const common = { id: idOf(vnode.fid), parent, names, owner, mode, modified, versionVector };
  if (vnode.type === 'directory')
    return { ...common, type: 'directory', positive: vnode.acl.positive, negative: vnode.acl.negative };
  if (vnode.type === 'file') return { ...common, type: 'file', length: BigInt(vnode.length) };
  return { ...common, type: 'symlink', target: vnode.target };
}

export function idOf({ vnode, unique }: ObjectId): ObjectId {
  return { vnode, unique };
}

/** Lets others work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
