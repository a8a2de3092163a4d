import { isDeepStrictEqual } from 'node:util';
import type { Fid } from '../../../ipc/fid.ts';
import { decodeText } from '../../../ipc/text.ts';
import type { StoreId, VersionVector } from '../../../ipc/versionVector.ts';
import { type Mutation, directoriesOf } from '../../net/mutation.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';
import { type Vnode, sameFid, unitsOf, withoutContainer } from '../../tree/vnodes.ts';
import type { NamedObject } from '../cache/remnants.ts';
import type { ObjectCache } from '../cache/objectCache.ts';
import type { ModifyLogs } from './modifyLog.ts';
import { type KnownBase, rebuild } from './rebuild.ts';
import { type LogRecord, objectsOf } from './record.ts';
import { type Place, Replay, fidText, namesIn } from './replay.ts';

/** Versions that the servers told of. */
type Versions = readonly { readonly fid: Fid; readonly versionVector: VersionVector }[];

interface StoredName {
  readonly object?: NamedObject;
}

/**
 * Keeps what is here in step with the modify logs: it is always what the servers last told of, with the records of the
 * log performed on it. For that, what the servers told of is kept of each object that a record is about.
 */
export class LocalState {
  readonly #cache: ObjectCache;
  readonly #logs: ModifyLogs;
  /** Objects with changes in a log, as the servers have them; contents aside. */
  readonly #base: Table<Vnode>;
  /** Names that a record in a log is about, as the servers have them: what they stand for there. */
  readonly #baseNames: Table<StoredName>;
  readonly #servers: KnownBase;
  /** Directories that the servers know more about than is here; to be fetched anew when their log is empty. */
  readonly #stale: Table<true>;

  constructor(database: Database, cache: ObjectCache, logs: ModifyLogs) {
    this.#cache = cache;
    this.#logs = logs;
    this.#base = database.table('base');
    this.#baseNames = database.table('baseNames');
    this.#servers = {
      object: (fid) => this.#base.get(fidKey(fid)),
      name: (directory, name) => this.#baseNames.get(nameKey(directory, name))?.object,
      names: (directory) => this.#knownNames(directory),
    };
    this.#stale = database.table('stale');
  }

  /** Of an object with changes in a log: the last update that the servers told of. */
  lastKnown(fid: Fid): StoreId | undefined {
    return this.#base.get(fidKey(fid))?.versionVector.storeId;
  }

  /** To be called before a mutation is made here. */
  remember(writer: Writer, mutation: Mutation): void {
    for (const fid of [...directoriesOf(mutation), mutation.fid]) {
      const vnode = this.#cache.vnodes.find(fid);
      if (!vnode || this.#logs.isDirty(fid) || this.#cache.isRemnant(fid)) continue;
      writer.put(this.#base, fidKey(fid), onServer(vnode));
    }
    for (const { directory, name } of namesIn(mutation)) {
      if (this.#baseNames.get(nameKey(directory, name))) continue;
      writer.put(this.#baseNames, nameKey(directory, name), stored(this.#nameHere(directory, name)));
    }
  }

  #nameHere(directory: Fid, name: string): NamedObject | undefined {
    const entry = this.#cache.vnodes.entry(directory, name);
    const fid = entry && { volume: directory.volume, vnode: entry.vnode, unique: entry.unique };
    return fid && !this.#cache.isRemnant(fid) ? { fid, type: entry.type } : undefined;
  }

  /** The servers have an object that records are about which were logged before they had it. To be called before a rebuild. */
  noteMade(writer: Writer, vnode: Vnode, name: string): void {
    const { fid, parent } = vnode;
    if (!parent || !this.#logs.isDirty(fid) || !this.#cache.vnodes.find(parent)) return;
    writer.put(this.#base, fidKey(fid), onServer(vnode));
    writer.put(this.#baseNames, nameKey(parent, name), stored({ fid, type: vnode.type }));
  }

  /** A directory about which the servers know more than is here. */
  noteStale(writer: Writer, fid: Fid): void {
    writer.put(this.#stale, fidKey(fid), true);
  }

  /** To be called when records have been taken out of the log because a later one made them needless. */
  letGoOf(writer: Writer, cancelled: readonly LogRecord[]): void {
    for (const fid of cancelled.flatMap(objectsOf)) if (!this.#logs.isDirty(fid)) this.#letGo(writer, fid);
  }

  /** To be called when records have been taken out of the log because the servers have performed them. */
  settle(writer: Writer, batch: readonly LogRecord[], versions: Versions): readonly number[] {
    const state = new Replay(this.#servers);
    for (const record of batch) state.perform(record);
    for (const { fid, vnode } of [...state.objects()]) {
      if (!this.#logs.isDirty(fid)) this.#letGo(writer, fid);
      else if (vnode) writer.put(this.#base, fidKey(fid), onServer(vnode));
      else writer.remove(this.#base, fidKey(fid));
    }
    for (const { directory, name, object } of state.places())
      if (this.#logs.isDirty(directory))
        writer.put(this.#baseNames, nameKey(directory, name), stored(object));
    for (const { fid, versionVector } of versions) this.#noteVersion(writer, fid, versionVector);
    return this.#cache.dropRemnants(writer);
  }

  /**
   * Makes anew what is here, from what the servers told of and the records that are left.
   * To be called when records have been taken out of the log.
   * @param records all that were in the log before, oldest first
   * @returns containers that no object names any more
   */
  rebuild(writer: Writer, records: readonly LogRecord[], gone: readonly LogRecord[]): readonly number[] {
    const { vnodes } = this.#cache;
    const removed = new Set(gone.map(({ sequence }) => sequence));
    const present = { object: (fid: Fid) => vnodes.find(fid), namesOf: (fid: Fid) => this.#namesOf(fid) };
    const { state, remnants } = rebuild(
      this.#servers,
      present,
      records,
      ({ sequence }) => !removed.has(sequence),
    );
    const brought = new Set(records.flatMap(({ container }) => container ?? []));

    const stays = new Set(remnants.map(({ fid }) => fidText(fid)));
    for (const { fid, vnode } of state.objects())
      if (vnode && !stays.has(fidText(fid)) && state.placesOf(fid).length > 0)
        this.#cache.releaseRemnant(writer, fid);
    const places = [...state.places()];
    for (const place of places) this.#clearName(writer, place);
    for (const place of places) this.#setName(writer, place);
    const unused: number[] = [];
    for (const { fid, vnode } of state.objects()) unused.push(...this.#put(writer, fid, vnode, brought));
    for (const { fid, hides } of remnants)
      if (!this.#cache.isRemnant(fid)) this.#cache.noteRemnant(writer, fid, hides);
    for (const record of gone)
      for (const fid of objectsOf(record)) {
        if (this.#logs.isDirty(fid)) continue;
        this.#letGo(writer, fid);
        this.#cache.validity.break([fid]);
      }
    return [...unused, ...this.#cache.dropRemnants(writer)];
  }

  #knownNames(directory: Fid): readonly string[] {
    const prefix = fidKey(directory);
    return [...this.#baseNames.entries(prefix)].map(({ key: found }) =>
      decodeText(found.subarray(prefix.length)),
    );
  }

  #noteVersion(writer: Writer, fid: Fid, versionVector: VersionVector): void {
    if (this.#logs.isDirty(fid)) {
      const base = this.#base.get(fidKey(fid));
      if (base) writer.put(this.#base, fidKey(fid), { ...base, versionVector });
      return;
    }
    const vnode = this.#cache.vnodes.find(fid);
    if (!vnode) return;
    this.#cache.validity.overtake([fid]);
    this.#cache.vnodes.put(writer, { ...vnode, versionVector });
  }

  /** The last record about an object has gone: it is as the servers have it, or known not to be. */
  #letGo(writer: Writer, fid: Fid): void {
    writer.remove(this.#base, fidKey(fid));
    for (const { key: name } of [...this.#baseNames.entries(fidKey(fid))])
      writer.remove(this.#baseNames, name);
    if (this.#stale.get(fidKey(fid)) === undefined) return;
    writer.remove(this.#stale, fidKey(fid));
    this.#cache.fetchAnew(writer, fid);
  }

  #namesOf(fid: Fid): readonly { readonly directory: Fid; readonly name: string }[] {
    const vnode = this.#cache.vnodes.find(fid);
    const directory = vnode?.parent;
    if (!directory) return [];
    return this.#cache.vnodes.namesOf(vnode).map((name) => ({ directory, name }));
  }

  #clearName(writer: Writer, { directory, name, object }: Place): void {
    const entry = this.#cache.vnodes.entry(directory, name);
    if (!entry) return;
    const fid = { ...entry, volume: directory.volume };
    if (!object || !sameFid(fid, object.fid)) this.#cache.vnodes.clearEntry(writer, directory, name, fid);
  }

  #setName(writer: Writer, { directory, name, object }: Place): void {
    if (object) this.#cache.vnodes.setEntries(writer, directory, [{ name, ...object }]);
  }

  /** @param brought the containers of records @returns containers that the object does not name any more */
  #put(writer: Writer, fid: Fid, vnode: Vnode | undefined, brought: ReadonlySet<number>): readonly number[] {
    const { vnodes } = this.#cache;
    const present = vnodes.find(fid);
    // Its names go with it when it is dropped.
    if (!vnode && this.#cache.isRemnant(fid)) return [];
    const after = vnode && this.#counted(withRest(vnode, present, brought), present);
    if (isDeepStrictEqual(after, present)) return [];
    this.#cache.validity.overtake([fid]);
    if (after) vnodes.put(writer, after);
    else if (present) this.#cache.forget(writer, present);
    // All that was in it is known: it was removed when nothing was in it any more.
    if (after?.type === 'directory' && !present) this.#cache.noteMade(writer, fid);
    const [before, now] = [containerOf(present), containerOf(after)];
    return before === undefined || before === now ? [] : [before];
  }

  /** A directory with the count of the names that are in it here. */
  #counted(vnode: Vnode, present: Vnode | undefined): Vnode {
    if (vnode.type !== 'directory') return vnode;
    if (present?.type === 'directory' && !this.#cache.isComplete(vnode.fid)) {
      const { entryCount, nameUnits, linkCount } = present;
      return { ...vnode, entryCount, nameUnits, linkCount };
    }
    let [entryCount, nameUnits, linkCount] = [0, 0, 2];
    for (const { name, entry } of this.#cache.vnodes.entries(vnode.fid)) {
      entryCount += 1;
      nameUnits += unitsOf(name);
      if (entry.type === 'directory') linkCount += 1;
    }
    return { ...vnode, entryCount, nameUnits, linkCount };
  }
}

/** With what no record says: the rights that are known, and contents that came from a server. */
function withRest(vnode: Vnode, present: Vnode | undefined, brought: ReadonlySet<number>): Vnode {
  if (vnode.type === 'directory' && present?.type === 'directory') return { ...vnode, acl: present.acl };
  if (vnode.type !== 'file' || vnode.container !== undefined) return vnode;
  const container = containerOf(present);
  return container === undefined || brought.has(container) ? vnode : { ...vnode, container };
}

function containerOf(vnode: Vnode | undefined): number | undefined {
  return vnode?.type === 'file' ? vnode.container : undefined;
}

/** What is remembered of an object as the servers have it. */
function onServer(vnode: Vnode): Vnode {
  return vnode.type === 'file' ? withoutContainer(vnode) : vnode;
}

function fidKey({ volume, vnode, unique }: Fid): Key {
  return key(volume, vnode, unique);
}

function nameKey({ volume, vnode, unique }: Fid, name: string): Key {
  return key(volume, vnode, unique, name);
}

function stored(object: NamedObject | undefined): StoredName {
  return object ? { object } : {};
}
