import type { Fid } from '../../../ipc/fid.ts';
import { encodeText } from '../../../ipc/text.ts';
import type {
  Credentials,
  EntryRecord,
  FetchedObject,
  FileProtocol,
  ObjectStatus,
} from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import { type Database, type Table, type Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';
import { type DirectoryVnode, type StoredAcl, type Vnode, Vnodes } from '../../tree/vnodes.ts';
import { isErrno } from '../../../ipc/errors.ts';
import { type NamedObject, Remnants } from './remnants.ts';
import { Validity } from './validity.ts';

/** Who asks: his token, and the id that he counts as with it. */
export interface Asker {
  readonly credentials: Credentials;
  readonly viceId: number;
}

export interface ObjectCacheOptions {
  /** The name of the client. */
  readonly client: string;
  readonly database: Database;
  /** @throws VenusError ETIMEDOUT if none can be reached */
  readonly serverOf: (volume: number) => Promise<Remote<FileProtocol>>;
  /** Whether changes of the object wait in a modify log: then what is here counts, whatever a server says. */
  readonly isDirty: (fid: Fid) => boolean;
  /** Told of a container that no object names any more. */
  readonly discard: (container: number) => void;
}

/** Entries asked for at a time. */
const PAGE = 1024;
const NOTHING_IN_IT = { entryCount: 0, nameUnits: 0, linkCount: 2 } as const;
const NOBODY: StoredAcl = { positive: [], negative: [] };

/**
 * What a client keeps of the objects of its realm: status, rights, entries of directories. It is as new as the servers'
 * while they promise to tell of changes; without them it is what there is. Contents of files are
 * {@link FileCache}'s.
 *
 * An access list here is what the servers said of the rights of those who asked: one positive entry for each of them.
 */
export class ObjectCache {
  readonly vnodes: Vnodes;
  readonly validity = new Validity();
  readonly #options: ObjectCacheOptions;
  /** Directories whose entries are all here. */
  readonly #complete: Table<true>;
  readonly #ownerNames: Table<Uint8Array>;
  readonly #remnants: Remnants;

  constructor(options: ObjectCacheOptions) {
    this.#options = options;
    this.vnodes = new Vnodes(options.database);
    this.#complete = options.database.table('complete');
    this.#ownerNames = options.database.table('ownerNames');
    this.#remnants = new Remnants(options.database, this.vnodes, options.isDirty);
  }

  /** The containers that objects in a store name. */
  static containersIn(database: Database): ReadonlySet<number> {
    const found = new Set<number>();
    for (const vnode of new Vnodes(database).all()) {
      if (vnode.type === 'file' && vnode.container !== undefined) found.add(vnode.container);
    }
    return found;
  }

  /** An object, as new as it can be. @throws VenusError ENOENT, EACCES; ETIMEDOUT if it is not here */
  async object(asker: Asker, fid: Fid): Promise<Vnode> {
    for (;;) {
      const present = this.vnodes.find(fid);
      if (present && this.#isCurrent(present) && this.#knowsRights(present, asker)) return present;
      try {
        const fetched = await this.#fetch(asker, fid);
        if (fetched) return fetched;
      } catch (error) {
        if (present && isErrno(error, 'ETIMEDOUT')) return present;
        if (present && isErrno(error, 'ENOENT', 'EACCES') && this.#remnants.isHeld(fid)) {
          if (isErrno(error, 'ENOENT')) await this.#noteGone(fid);
          return this.vnodes.vnode(fid);
        }
        if (isErrno(error, 'ENOENT')) await this.#drop(fid);
        throw error;
      }
    }
  }

  /** Whether all entries of a directory are here. */
  isComplete(directory: Fid): boolean {
    return this.#complete.get(fidKey(directory)) === true;
  }

  /** A directory with all its entries here. @throws as {@link ObjectCache.object}; VenusError ENOTDIR */
  async directory(asker: Asker, fid: Fid): Promise<DirectoryVnode> {
    for (;;) {
      await this.object(asker, fid);
      const directory = this.vnodes.directory(fid);
      if (this.isComplete(fid)) return directory;
      await this.#fetchEntries(asker, fid);
    }
  }

  /** The directory whose rights rule over an object. */
  async ruler(asker: Asker, vnode: Vnode): Promise<DirectoryVnode> {
    await this.object(asker, vnode.type === 'directory' ? vnode.fid : (vnode.parent ?? vnode.fid));
    return this.vnodes.ruler(vnode);
  }

  hasOwnerName(viceId: number): boolean {
    return this.#ownerNames.get(key(viceId >>> 0)) !== undefined;
  }

  async noteOwnerName(viceId: number, name: string): Promise<void> {
    await this.#options.database.transaction((writer) =>
      writer.put(this.#ownerNames, key(viceId >>> 0), encodeText(name)),
    );
  }

  ownerName(viceId: number): string {
    const name = this.#ownerNames.get(key(viceId >>> 0));
    return name === undefined ? String(viceId) : Buffer.from(name).toString();
  }

  /** Forgets an object, but not one that a log holds. */
  async #drop(fid: Fid): Promise<void> {
    const container = await this.#options.database.transaction((writer) => {
      const vnode = this.vnodes.find(fid);
      if (!vnode || this.#remnants.isHeld(fid)) return undefined;
      this.forget(writer, vnode);
      return vnode.type === 'file' ? vnode.container : undefined;
    });
    if (container !== undefined) this.#options.discard(container);
  }

  /** Forgets an object, whatever waits in a log. Its container is the caller's. */
  forget(writer: Writer, vnode: Vnode): void {
    this.validity.break([vnode.fid]);
    if (vnode.type === 'directory') this.forgetEntries(writer, vnode.fid);
    this.vnodes.remove(writer, vnode);
  }

  /** Whether an object stays here only because a log holds it. */
  isRemnant(fid: Fid): boolean {
    return this.#remnants.has(fid);
  }

  /** An object that a log which was made anew leaves where it is. */
  noteRemnant(writer: Writer, fid: Fid, hides: NamedObject | undefined): void {
    this.#remnants.note(writer, fid, hides, true);
  }

  /** The other way round: such a log has another place for it. */
  releaseRemnant(writer: Writer, fid: Fid): void {
    this.#remnants.release(writer, fid);
  }

  /** To be called when logs have become shorter. @returns containers that no object names any more */
  dropRemnants(writer: Writer): readonly number[] {
    const { dropped, changed } = this.#remnants.drop(writer);
    this.validity.break([...changed, ...dropped.map(({ fid }) => fid)]);
    return dropped.flatMap((vnode) => (vnode.type === 'file' ? (vnode.container ?? []) : []));
  }

  /** Has a directory asked for again when it is looked at. What is in it stays until then. */
  fetchAnew(writer: Writer, directory: Fid): void {
    writer.remove(this.#complete, fidKey(directory));
    this.validity.break([directory]);
  }

  forgetEntries(writer: Writer, directory: Fid): void {
    writer.remove(this.#complete, fidKey(directory));
    this.vnodes.clearEntries(writer, directory);
  }

  /** A directory that was made here has all its entries here. */
  noteMade(writer: Writer, directory: Fid): void {
    writer.put(this.#complete, fidKey(directory), true);
  }

  #isCurrent(vnode: Vnode): boolean {
    return this.validity.isValid(vnode.fid) || this.#options.isDirty(vnode.fid);
  }

  /** What was known before a promise was broken is kept for times without a server, and asked for again with one. */
  #knowsRights(vnode: Vnode, { viceId }: Asker): boolean {
    if (vnode.type !== 'directory' || this.validity.knowsRights(vnode.fid, viceId)) return true;
    return this.#options.isDirty(vnode.fid) && vnode.acl.positive.some(({ id }) => id === viceId);
  }

  /** @returns nothing if the object was changed here meanwhile, so that what came may be older */
  async #fetch(asker: Asker, fid: Fid): Promise<Vnode | undefined> {
    const server = await this.#options.serverOf(fid.volume);
    const fetching = this.validity.begin(fid);
    try {
      const { client } = this.#options;
      const found = await server.call('fetchObject', { credentials: asker.credentials, fid, client });
      const isInstalled = await this.#options.database.transaction((writer) => {
        if (fetching.isOvertaken) return false;
        this.#install(writer, found);
        return true;
      });
      if (!isInstalled) return undefined;
      fetching.succeed(found.viceId);
      return this.vnodes.vnode(fid);
    } finally {
      fetching.end();
    }
  }

  #install(writer: Writer, found: FetchedObject): void {
    const { fid, owner, ownerName } = found.status;
    writer.put(this.#ownerNames, key(owner >>> 0), encodeText(ownerName));
    const present = this.vnodes.find(fid);
    const acl = aclWith(present?.type === 'directory' ? present.acl : NOBODY, found);
    if (present && this.#options.isDirty(fid)) {
      if (present.type === 'directory') this.vnodes.put(writer, { ...present, acl });
      return;
    }
    this.#ensureVolume(writer, fid.volume);
    const same = present && sameVersion(present, found.status);
    if (!same) writer.remove(this.#complete, fidKey(fid));
    if (present?.type === 'file' && present.container !== undefined && !same)
      this.#options.discard(present.container);
    const container = same && present.type === 'file' ? present.container : undefined;
    const after = toVnode(found, acl, container);
    // With all that is in it, it has what is held here, too.
    const counts = same && present.type === 'directory' && this.isComplete(fid) ? countsOf(present) : {};
    this.vnodes.put(writer, { ...after, ...counts });
  }

  /** The tree keeps count of blocks in its volume; here nobody looks at it. */
  #ensureVolume(writer: Writer, id: number): void {
    if (this.vnodes.hasVolume(id)) return;
    const none = new Uint8Array(0);
    const counts = { minQuota: 0, maxQuota: 0, blocksUsed: 0, nextDirectory: 0, nextFile: 0, nextUnique: 0 };
    this.vnodes.putVolume(writer, {
      id,
      replica: id,
      site: 0,
      members: [],
      name: '',
      ...counts,
      offlineMessage: none,
      messageOfTheDay: none,
    });
  }

  /** Fetches all entries. If they change meanwhile, the directory is not valid afterwards, and is fetched again. */
  async #fetchEntries(asker: Asker, directory: Fid): Promise<void> {
    const entries = await this.#listing(asker, directory);
    await this.#options.database.transaction((writer) => {
      const present = this.vnodes.find(directory);
      // Where names wait in a log, all entries were here before: then these are not needed.
      if (this.isComplete(directory) || present?.type !== 'directory') return;
      // One server may be behind another: the version of the other directory still has the name.
      for (const robbed of this.#remnants.merge(writer, present, entries))
        writer.remove(this.#complete, fidKey(robbed));
      if (this.validity.isValid(directory) || this.#options.isDirty(directory))
        writer.put(this.#complete, fidKey(directory), true);
    });
  }

  /** A server does not have a directory any more: what is in it is what is held. */
  #noteGone(directory: Fid): Promise<void> {
    return this.#options.database.transaction((writer) => {
      const present = this.vnodes.find(directory);
      if (present?.type !== 'directory' || this.#options.isDirty(directory)) return;
      this.#remnants.merge(writer, { ...present, ...NOTHING_IN_IT }, []);
      writer.put(this.#complete, fidKey(directory), true);
    });
  }

  async #listing({ credentials }: Asker, directory: Fid): Promise<readonly EntryRecord[]> {
    const server = await this.#options.serverOf(directory.volume);
    const entries: EntryRecord[] = [];
    for (let after: string | undefined; ;) {
      const page = await server.call('readDirectory', { credentials, directory, after, limit: PAGE });
      entries.push(...page);
      after = page.at(-1)?.name;
      if (page.length < PAGE) return entries;
    }
  }
}

function countsOf({ entryCount, nameUnits, linkCount }: DirectoryVnode) {
  return { entryCount, nameUnits, linkCount };
}

function fidKey({ volume, vnode, unique }: Fid): Key {
  return key(volume, vnode, unique);
}

function aclWith({ positive }: StoredAcl, { viceId, rights }: FetchedObject): StoredAcl {
  const others = positive.filter(({ id }) => id !== viceId);
  return { positive: [...others, { id: viceId, rights }].sort((a, b) => a.id - b.id), negative: [] };
}

function sameVersion(present: Vnode, { versionVector }: ObjectStatus): boolean {
  const { versions, storeId } = present.versionVector;
  return (
    storeId.host === versionVector.storeId.host &&
    storeId.unique === versionVector.storeId.unique &&
    versions.every((count, at) => count === versionVector.versions[at])
  );
}

function toVnode(
  { status, entryCount, nameUnits }: FetchedObject,
  acl: StoredAcl,
  container: number | undefined,
): Vnode {
  const { fid, type, owner, mode, modified, versionVector, linkCount, parent, length, target } = status;
  const common = { fid, owner, mode, modified, versionVector, linkCount, ...(parent ? { parent } : {}) };
  switch (type) {
    case 'directory':
      return { ...common, type, entryCount, nameUnits, acl };
    case 'symlink':
      return { ...common, type, target: encodeText(target ?? '') };
    case 'file':
      return { ...common, type, length, ...(container === undefined ? {} : { container }) };
  }
}
