import type { Fid } from '../../../ipc/fid.ts';
import { encodeText } from '../../../ipc/text.ts';
import type { Credentials, FetchedObject, FileProtocol } from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import { type Database, type Table, type Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';
import { type DirectoryVnode, type StoredAcl, type Vnode, Vnodes, sameFid } from '../../tree/vnodes.ts';
import { VenusError, isErrno } from '../../../ipc/errors.ts';
import { type HoardBinding, Inventory, fidText } from './inventory.ts';
import { aclWith, countsOf, listing, sameVersion, toVnode, uncountedVolume } from './fetchedObject.ts';
import { Replacement, type ReplacementOptions, roomFor } from './replacement.ts';
import type { MountedVolume } from '../locations.ts';
import { linksInUse } from './mountLinks.ts';
import { type NamedObject, Remnants } from './remnants.ts';
import { Validity } from './validity.ts';

/** Who asks: his token, and the id that he counts as with it. */
export interface Asker {
  readonly credentials: Credentials;
  readonly viceId: number;
  /** Priority of the hoard entry that is walked; none for what a person asks, which counts as a use. */
  readonly hoard?: number;
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
  /** Objects that are kept. */
  readonly capacity: number;
  /** Throws out the contents of a file. */
  readonly empty: (fid: Fid) => Promise<void>;
  readonly onReplace: ReplacementOptions['onReplace'];
  /** The volumes that are mounted in others. */
  readonly mounts: () => readonly MountedVolume[];
}

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
  readonly inventory: Inventory;
  readonly replacement: Replacement;
  readonly #options: ObjectCacheOptions;
  /** Directories whose entries are all here. */
  readonly #complete: Table<true>;
  readonly #ownerNames: Table<Uint8Array>;
  readonly #remnants: Remnants;

  constructor(options: ObjectCacheOptions) {
    this.#options = options;
    const { database, capacity, isDirty, empty, onReplace } = options;
    const inventory = new Inventory(database, capacity);
    this.inventory = inventory;
    this.vnodes = new Vnodes(database, (writer, before, after) =>
      writer.afterwards(() => inventory.note(before, after)),
    );
    for (const vnode of this.vnodes.all()) inventory.note(undefined, vnode);
    const forget = (fids: readonly Fid[]) => this.forgetObjects(fids);
    const ways = () => linksInUse(this.vnodes, options.mounts());
    this.replacement = new Replacement({ inventory, isDirty, empty, onReplace, forget, ways });
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
    if (asker.hoard !== undefined) return this.#object(asker, fid);
    this.inventory.use(fid);
    const found = await this.#object(asker, fid);
    this.inventory.use(fid);
    return found;
  }

  async #object(asker: Asker, fid: Fid): Promise<Vnode> {
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

  /** Whether all of an object is here: of a directory its entries, of a file its contents. */
  hasContents(vnode: Vnode): boolean {
    switch (vnode.type) {
      case 'directory':
        return this.isComplete(vnode.fid);
      case 'file':
        return vnode.length === 0 || vnode.container !== undefined;
      case 'symlink':
        return true;
    }
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

  /** Throws objects out, but not those that are unsent or open, nor directories in which something is here. */
  async forgetObjects(fids: readonly Fid[]): Promise<void> {
    const containers = await this.#options.database.transaction((writer) =>
      fids.flatMap((fid) => {
        const vnode = this.vnodes.find(fid);
        if (!vnode || this.replacement.isPinned(fid) || this.isRemnant(fid) || this.#isAbove(vnode))
          return [];
        this.forget(writer, vnode);
        return vnode.type === 'file' ? (vnode.container ?? []) : [];
      }),
    );
    for (const container of containers) this.#options.discard(container);
  }

  /** Whether something in a directory is here. */
  #isAbove({ type, fid }: Vnode): boolean {
    if (type !== 'directory') return false;
    for (const { entry } of this.vnodes.entries(fid)) {
      const member = this.vnodes.find({ ...entry, volume: fid.volume });
      if (member?.parent && sameFid(member.parent, fid)) return true;
    }
    return false;
  }

  /** Forgets an object, whatever waits in a log. Its container is the caller's. */
  forget(writer: Writer, vnode: Vnode): void {
    this.validity.break([vnode.fid]);
    if (vnode.type === 'directory') this.forgetEntries(writer, vnode.fid);
    this.vnodes.remove(writer, vnode);
  }

  /** Says how much objects are hoarded. */
  bind(bound: readonly { readonly fid: Fid; readonly binding: HoardBinding | undefined }[]): Promise<void> {
    return this.#options.database.transaction((writer) => {
      for (const { fid, binding } of bound) this.inventory.bind(writer, fid, binding);
    });
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
    const release = await this.#admit(asker.hoard, [fid]);
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
      release();
    }
  }

  /**
   * Looks at several objects of one volume, as {@link ObjectCache.object} at each: what is not here, or not known to be as
   * new as the servers', is asked for together.
   * @returns why those are not here that cannot be
   */
  async objects(asker: Asker, fids: readonly Fid[]): Promise<ReadonlyMap<string, VenusError>> {
    const failures = new Map<string, VenusError>();
    const wanted = fids.filter((fid) => {
      const present = this.vnodes.find(fid);
      return !(present && this.#isCurrent(present) && this.#knowsRights(present, asker));
    });
    const left = wanted.length > 1 ? await this.#fetchTogether(asker, wanted) : wanted;
    for (const fid of left) {
      try {
        await this.#object(asker, fid);
      } catch (error) {
        if (!(error instanceof VenusError)) throw error;
        failures.set(fidText(fid), error);
      }
    }
    return failures;
  }

  /** @returns those that are to be asked for one by one */
  async #fetchTogether({ hoard, credentials }: Asker, fids: readonly Fid[]): Promise<readonly Fid[]> {
    const volume = fids[0]?.volume ?? 0;
    const { database, client, serverOf } = this.#options;
    const fetches = fids.map((fid) => ({ fid, fetching: this.validity.begin(fid) }));
    let release: (() => void) | undefined;
    try {
      release = await this.#admit(hoard, fids);
      const server = await serverOf(volume);
      const answers = await server.call('fetchObjects', { credentials, volume, fids, client });
      return await database.transaction((writer) =>
        fetches.flatMap(({ fid, fetching }, at) => {
          const answer = answers[at];
          if (answer?.kind !== 'object' || fetching.isOvertaken) return [fid];
          this.#install(writer, answer.object);
          writer.afterwards(() => fetching.succeed(answer.object.viceId));
          return [];
        }),
      );
    } catch (error) {
      // One by one it will be told of each what is in its way.
      if (error instanceof VenusError) return fids;
      throw error;
    } finally {
      for (const { fetching } of fetches) fetching.end();
      release?.();
    }
  }

  /** Makes room for those that are not here. @throws VenusError ENOSPC */
  #admit(hoard: Asker['hoard'], fids: readonly Fid[]): Promise<() => void> {
    const count = fids.filter((fid) => !this.inventory.find(fid)).length;
    return this.replacement.admit(count, roomFor(hoard));
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
    if (!this.vnodes.hasVolume(fid.volume)) this.vnodes.putVolume(writer, uncountedVolume(fid.volume));
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

  /** Fetches all entries. If they change meanwhile, the directory is not valid afterwards, and is fetched again. */
  async #fetchEntries(asker: Asker, directory: Fid): Promise<void> {
    const server = await this.#options.serverOf(directory.volume);
    const entries = await listing(server, asker.credentials, directory);
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
}

function fidKey({ volume, vnode, unique }: Fid): Key {
  return key(volume, vnode, unique);
}
