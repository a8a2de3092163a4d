import { Right } from '../../acl/rights.ts';
import { isErrno } from '../../ipc/errors.ts';
import type { Fid } from '../../ipc/fid.ts';
import { decodeText } from '../../ipc/text.ts';
import type { ListedVersion } from '../../ipc/venus.ts';
import type { StoreId } from '../../ipc/versionVector.ts';
import { fail } from '../fail.ts';
import type { Credentials, EntryRecord, FileProtocol, ObjectStatus } from '../net/fileProtocol.ts';
import { requireMode, requireRights, rightsIn } from '../tree/access.ts';
import { ANY_USER, type Identity } from '../tree/identity.ts';
import { isInconsistent } from '../tree/version.ts';
import { type DirectoryVnode, type Vnode, lengthOf } from '../tree/vnodes.ts';
import type { ArchiveFormat } from '../../cml/archive/entry.ts';
import type { CheckpointPlace, LogCheckpoint } from './log/checkpoint.ts';
import { mountPathOf } from './naming.ts';
import type { OpenContents } from './cache/fileCache.ts';
import type { Asker } from './cache/objectCache.ts';
import { Patience } from './patience.ts';
import type { CacheManager } from './cacheManager.ts';

/** Requests about objects, less what a session adds. */
type Asked<Name extends keyof FileProtocol> = Omit<FileProtocol[Name]['request'], 'credentials' | 'storeId'>;

/** Turns the host of store ids into that of changes that go to the servers directly. */
const PAST_THE_LOG = 0x8000_0000;

/** Stands where it is not known where a volume is mounted (spec/cml.md, 5.5). */
const UNKNOWN_MOUNT = '???';

/** Does a change when nothing else that it must not come between is under way. */
export type TakeTurn = <Result>(change: () => Promise<Result>) => Promise<Result>;

/** What a client does for one local user: with his token, or as nobody in particular. */
export class UserSession {
  readonly uid: number;
  readonly client: CacheManager;
  /** How long he waits for others. */
  readonly patience: Patience;
  /** Whether it only looks: as at the client's version of an object under repair. */
  readonly isReadOnly: boolean;
  /** Each of its changes takes one. */
  readonly takeTurn: TakeTurn;

  constructor(
    client: CacheManager,
    uid: number,
    patience = new Patience(),
    isReadOnly = false,
    takeTurn: TakeTurn = (change) => change(),
  ) {
    this.client = client;
    this.takeTurn = takeTurn;
    this.uid = uid;
    this.patience = patience;
    this.isReadOnly = isReadOnly;
  }

  get realm(): string {
    return this.client.realm.name;
  }

  credentials(): Credentials {
    return this.asker().credentials;
  }

  /** His token while it lives, and the id that he counts as. */
  asker(): Asker {
    const token = this.client.tokens.get(this.uid, this.realm);
    if (!token) return { credentials: {}, viceId: ANY_USER.id };
    const isGood = token.clear.ends * 1000 > this.client.now();
    return { credentials: { secret: token.secret }, viceId: isGood ? token.clear.viceId : ANY_USER.id };
  }

  /** Whom he counts as in the access lists of the cache, which say what the servers said of each who asked. */
  identity(): Identity {
    const { viceId } = this.asker();
    return { viceId, counts: new Set([viceId]), administrator: false };
  }

  status(fid: Fid): Promise<ObjectStatus> {
    return this.#patiently(async () => {
      const vnode = await this.#cache.object(this.asker(), fid);
      if (vnode.parent) await this.#readable(vnode.parent);
      return this.describe(vnode);
    });
  }

  lookup(directory: Fid, name: string): Promise<ObjectStatus> {
    return this.#patiently(() => this.#lookup(directory, name));
  }

  async #lookup(directory: Fid, name: string): Promise<ObjectStatus> {
    for (let missing: Fid | undefined; ;) {
      await this.#completeFor(directory, name);
      const { vnode, unique } = this.#cache.vnodes.entry(directory, name) ?? fail('ENOENT');
      const fid = { volume: directory.volume, vnode, unique };
      try {
        return this.describe(await this.#cache.object(this.asker(), fid));
      } catch (error) {
        // The entry may have gone since; the directory is looked at again, once for each object.
        if (!isErrno(error, 'ENOENT') || missing?.unique === unique) throw error;
        missing = fid;
        this.#cache.validity.break([directory]);
      }
    }
  }

  /** Entries of a directory after a name, in the order of their bytes. */
  async entries(directory: Fid, after: string | undefined, limit: number): Promise<readonly EntryRecord[]> {
    await this.complete(directory);
    const found: EntryRecord[] = [];
    for (const { name, entry } of this.#cache.vnodes.entries(directory, after)) {
      const { vnode, unique, type } = entry;
      found.push({ name, type, fid: { volume: directory.volume, vnode, unique } });
      if (found.length === limit) break;
    }
    return found;
  }

  /**
   * The versions of entries of one directory as a server has them now; undefined for objects in conflict, and those that it
   * does not tell. Only for a client that knows one server: elsewhere what waits in a log would count.
   */
  async versionsOf(entries: readonly EntryRecord[]): Promise<readonly (ListedVersion | undefined)[]> {
    const [first] = entries;
    if (this.client.replica === undefined || !first) return [];
    const { volume } = first.fid;
    const server = await this.client.serverOf(volume);
    const fids = entries.map(({ fid }) => fid);
    const examined = await server.call('examine', { credentials: this.credentials(), volume, fids });
    return examined.map((each) => {
      if (each.kind === 'refused' || isInconsistent(each.status)) return undefined;
      const { fid, versionVector } = each.status;
      return { vnode: fid.vnode, unique: fid.unique, storeId: versionVector.storeId };
    });
  }

  /** A directory with all its entries, which he may look at. */
  async complete(directory: Fid): Promise<DirectoryVnode> {
    const vnode = await this.#patiently(() => this.#cache.directory(this.asker(), directory));
    requireRights(vnode, this.identity(), Right.Lookup);
    return vnode;
  }

  /** As {@link UserSession.complete}; without a server, the name is enough. */
  async #completeFor(directory: Fid, name: string): Promise<void> {
    try {
      await this.complete(directory);
    } catch (error) {
      if (!isErrno(error, 'ETIMEDOUT') || !this.#cache.vnodes.entry(directory, name)) throw error;
      requireRights(this.#cache.vnodes.directory(directory), this.identity(), Right.Lookup);
    }
  }

  /** One of the names of an object in its directory. */
  async nameOf(fid: Fid): Promise<string> {
    const vnode = await this.#cache.object(this.asker(), fid);
    if (vnode.parent) await this.complete(vnode.parent);
    return this.#cache.vnodes.nameOf(vnode) ?? fail('ENOENT');
  }

  /** The contents of a file that he may read, to be closed by the caller; none for an empty one. */
  async openFile(fid: Fid): Promise<{ readonly length: number; readonly file: OpenContents | undefined }> {
    const vnode = await this.#cache.object(this.asker(), fid);
    requireRights(await this.#cache.ruler(this.asker(), vnode), this.identity(), Right.Read);
    requireMode(vnode, 'read');
    return this.#patiently(() => this.client.files.open(this.asker(), fid));
  }

  /** @throws VenusError EACCES unless he may read the contents of a file, or list a directory */
  async checkRead(fid: Fid): Promise<void> {
    const vnode = await this.#cache.object(this.asker(), fid);
    const ruler = await this.#cache.ruler(this.asker(), vnode);
    requireRights(ruler, this.identity(), vnode.type === 'directory' ? Right.Lookup : Right.Read);
    if (vnode.type === 'file') requireMode(vnode, 'read');
  }

  /** @throws VenusError EACCES if he may neither make nor remove anything in a directory */
  async checkChange(directory: Fid): Promise<void> {
    const vnode = await this.complete(directory);
    if ((rightsIn(vnode, this.identity()) & (Right.Insert | Right.Delete)) === 0) fail('EACCES');
  }

  /** @throws VenusError ETIMEDOUT, too, for a directory that the servers do not have yet */
  async getAcl(fid: Fid): Promise<string> {
    const server = await this.client.serverOf(fid.volume);
    try {
      const request = { credentials: this.credentials(), fid };
      return (await this.#patiently(() => server.call('getAcl', request))).text;
    } catch (error) {
      if (isErrno(error, 'ENOENT') && this.client.tree.logs.isDirty(fid)) fail('ETIMEDOUT');
      throw error;
    }
  }

  /**
   * Goes to the server at once, past the log: so there must be nothing in it about the directory.
   * @throws VenusError EBUSY if there is; EAGAIN while the log is somebody else's
   */
  async setAcl(request: Asked<'setAcl'>): Promise<void> {
    const { volume } = request.fid;
    const release = await this.client.owners.enter(volume, this.uid, this.patience);
    try {
      if (this.client.tree.logs.isDirty(request.fid))
        fail('EBUSY', 'It has changes that are not on the servers yet.');
      await this.#storeAcl(request);
    } finally {
      release();
    }
  }

  async #storeAcl(request: Asked<'setAcl'>): Promise<void> {
    const server = await this.client.serverOf(request.fid.volume);
    const sent = { ...request, credentials: this.credentials(), storeId: await this.pastTheLog() };
    await this.#patiently(() => server.call('setAcl', sent));
  }

  /** A name for an update that goes to the servers directly: to the log, it is one of somebody else. */
  async pastTheLog(): Promise<StoreId> {
    const { host, unique } = await this.client.storeIds.next();
    return { host: (host ^ PAST_THE_LOG) >>> 0, unique };
  }

  /**
   * Writes the log of a volume to the spool. @param format if not the client's own
   * @throws VenusError ENOENT if it is empty, EACCES if it is another's; ArchiveLimitError for what the format cannot hold
   */
  async checkpoint(volume: number, format?: ArchiveFormat): Promise<LogCheckpoint> {
    const { client, uid } = this;
    const { owner } = client.tree.logs.state(volume);
    if (owner === undefined) fail('ENOENT', 'The modify log is empty.');
    if (owner !== uid && uid !== 0) fail('EACCES', `The modify log belongs to uid ${owner}.`);
    return client.checkpoints.write(volume, { uid, format });
  }

  /** Where the checkpoint of a volume goes, and what it is called. */
  async checkpointPlace(volume: number): Promise<CheckpointPlace> {
    const { name } = await this.client.locate(volume);
    const mount = await mountPathOf(this, volume).catch(() => UNKNOWN_MOUNT);
    return { spool: this.client.spool, realm: this.realm, volumeName: name, mount };
  }

  /**
   * Throws away the log of a volume. @param last up to this record; all of it if it is not given
   * @throws VenusError ENOENT if it is empty, EACCES if it is another's, EBUSY while it is being sent
   */
  async purge(volume: number, last: number | undefined): Promise<void> {
    const { client, uid } = this;
    const { owner } = client.tree.logs.state(volume);
    if (owner === undefined) fail('ENOENT', 'The modify log is empty.');
    if (owner !== uid) fail('EACCES', `The modify log belongs to uid ${owner}.`);
    const repaired = client.repairs.inVolume(volume);
    if (repaired)
      fail('EBUSY', `${client.tree.pathTo(repaired.fid) || 'The root of the volume'} is under repair.`);
    if (client.reintegrator.isRunning(volume)) fail('EACCES', 'The modify log is being sent.');
    const unused = await client.tree.purge(volume, last ?? Number.MAX_SAFE_INTEGER);
    for (const container of unused) await client.containers.remove(container);
    client.owners.wake(volume);
    client.volumeStates.note(volume);
    void client.reintegrator.kick(volume);
  }

  describe(vnode: Vnode): ObjectStatus {
    const { fid, type, linkCount, owner, mode, modified, versionVector, parent } = vnode;
    return {
      fid,
      type,
      length: lengthOf(vnode),
      linkCount,
      owner,
      ownerName: this.#cache.ownerName(owner),
      mode,
      modified,
      versionVector,
      parent,
      target: vnode.type === 'symlink' ? decodeText(vnode.target) : undefined,
    };
  }

  /** What needs servers is done again while he waits for them. */
  #patiently<T>(work: () => Promise<T>): Promise<T> {
    return this.client.serverWaits.retried(this.uid, this.patience, work);
  }

  async #readable(directory: Fid): Promise<void> {
    await this.#cache.object(this.asker(), directory);
    requireRights(this.#cache.vnodes.directory(directory), this.identity(), Right.Lookup);
  }

  get #cache() {
    return this.client.tree.cache;
  }
}
