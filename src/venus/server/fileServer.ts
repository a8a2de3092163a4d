import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { formatAcl } from '../../acl/accessList.ts';
import { Right } from '../../acl/rights.ts';
import { isErrno } from '../../ipc/errors.ts';
import type { Fid } from '../../ipc/fid.ts';
import { decodeText, encodeText } from '../../ipc/text.ts';
import {
  type Credentials,
  type EntryRecord,
  type FetchedObject,
  type FileProtocol,
  type ReintegrationAnswer,
  type NewVolume,
  type ObjectStatus,
  type StoreTarget,
  type VolumeAnswer,
  volumeOf,
} from '../net/fileProtocol.ts';
import type { Service } from '../net/link.ts';
import { Containers } from '../store/containers.ts';
import { Database, type Table } from '../store/database.ts';
import type { SentMutation } from '../net/mutation.ts';
import type { Contents } from '../tree/apply.ts';
import { Callbacks } from './callbacks.ts';
import { type ReceivedMutation, RefusedMutation, reintegrate } from './operations/reintegrate.ts';
import { requireMode, requireRights, rightsIn } from '../tree/access.ts';
import { type Change, checkNewName } from '../tree/change.ts';
import { link } from '../tree/link.ts';
import { makeDirectory, makeFile, makeSymlink, parentFor } from '../tree/make.ts';
import { certifyLog } from './operations/certifyLog.ts';
import { makeVolume } from './operations/makeVolume.ts';
import { rename } from '../tree/rename.ts';
import { setAcl } from './operations/setAcl.ts';
import { key } from '../store/keys.ts';
import { setStatus } from '../tree/setStatus.ts';
import { fileToStore, store } from '../tree/store.ts';
import { remove } from '../tree/unlink.ts';
import { ANY_USER, type Identity } from '../tree/identity.ts';
import { type ProtectionDatabase } from './protection/protectionDatabase.ts';
import { openToken } from './protection/secretToken.ts';
import { Transfers } from './transfers.ts';
import { volumeAnswer } from './volumeAnswer.ts';
import {
  type FidBlock,
  type FileVnode,
  ROOT_VNODE,
  type StoredAcl,
  type Vnode,
  Vnodes,
  lengthOf,
} from '../tree/vnodes.ts';
import { fail } from '../fail.ts';
import { logFault } from '../log.ts';

type Request<Name extends keyof FileProtocol> = FileProtocol[Name]['request'];

export interface FileServerOptions {
  readonly directory: string;
  readonly protection: ProtectionDatabase;
  /** Shared by the servers of the realm, to open tokens with. */
  readonly tokenKey: Uint8Array;
  readonly now: () => number;
}

/** One file server: volumes, their objects, and what clients may do with them. */
export class FileServer implements Service<FileProtocol> {
  readonly #vnodes: Vnodes;
  readonly #containers: Containers;
  readonly #transfers = new Transfers();
  readonly callbacks = new Callbacks();
  /** The last mutation of each client that was performed in each volume. */
  readonly #last: Table<number>;
  readonly #options: FileServerOptions;

  static async open(options: FileServerOptions): Promise<FileServer> {
    const vnodes = new Vnodes(await Database.open(join(options.directory, 'metadata')));
    const inUse = new Set<number>();
    for (const vnode of vnodes.all()) {
      if (vnode.type === 'file' && vnode.container !== undefined) inUse.add(vnode.container);
    }
    const containers = await Containers.open(join(options.directory, 'containers'), (id) => inUse.has(id));
    return new FileServer(vnodes, containers, options);
  }

  private constructor(vnodes: Vnodes, containers: Containers, options: FileServerOptions) {
    this.#vnodes = vnodes;
    this.#last = vnodes.database.table('reintegrated');
    this.#containers = containers;
    this.#options = options;
  }

  async close(): Promise<void> {
    this.callbacks.close();
    await this.#transfers.close();
    await this.#vnodes.database.close();
  }

  readonly probe = async () => Promise.resolve(null);

  readonly getStatus = async ({ credentials, fid }: Request<'getStatus'>): Promise<ObjectStatus> => {
    const vnode = this.#vnodes.vnode(fid);
    if (vnode.parent)
      requireRights(this.#vnodes.directory(vnode.parent), this.#identify(credentials), Right.Lookup);
    return Promise.resolve(this.#status(vnode));
  };

  readonly fetchObject = async (request: Request<'fetchObject'>): Promise<FetchedObject> => {
    const { credentials, fid, client } = request;
    const status = await this.getStatus({ credentials, fid });
    this.callbacks.promise(client, fid);
    const identity = this.#identify(credentials);
    const vnode = this.#vnodes.vnode(fid);
    const counts = vnode.type === 'directory' ? vnode : { entryCount: 0, nameUnits: 0 };
    return {
      status,
      viceId: identity.viceId,
      rights: rightsIn(this.#vnodes.ruler(vnode), identity),
      entryCount: counts.entryCount,
      nameUnits: counts.nameUnits,
    };
  };

  readonly lookup = async ({ credentials, directory, name }: Request<'lookup'>): Promise<ObjectStatus> => {
    this.#readable(directory, credentials);
    return Promise.resolve(this.#status(this.#vnodes.child(directory, name)));
  };

  readonly readDirectory = async (request: Request<'readDirectory'>): Promise<readonly EntryRecord[]> => {
    const { credentials, directory, after, limit } = request;
    this.#readable(directory, credentials);
    const found: EntryRecord[] = [];
    for (const { name, entry } of this.#vnodes.entries(directory, after)) {
      const { vnode, unique, type } = entry;
      found.push({ name, type, fid: { volume: directory.volume, vnode, unique } });
      if (found.length === limit) break;
    }
    return Promise.resolve(found);
  };

  readonly nameOf = async ({ credentials, fid }: Request<'nameOf'>) => {
    const vnode = this.#vnodes.vnode(fid);
    if (vnode.parent) this.#readable(vnode.parent, credentials);
    return Promise.resolve({ name: this.#vnodes.nameOf(vnode) ?? fail('ENOENT') });
  };

  readonly openFetch = async ({ credentials, fid }: Request<'openFetch'>) => {
    for (let missing: number | undefined; ;) {
      const found = this.#fileToFetch(fid, this.#identify(credentials));
      const { container, length } = found;
      const { storeId } = found.versionVector;
      const file = container === undefined ? undefined : await this.#containers.open(container);
      if (file !== undefined || container === undefined) {
        return { handle: await this.#transfers.begin({ kind: 'fetch', file }), length, storeId };
      }
      // A store may have replaced the container before it could be opened; then there is another one now.
      if (container === missing) fail('EIO', 'The contents of the file are gone from the disk.');
      missing = container;
    }
  };

  readonly fetchFragment = async ({
    handle,
    offset,
    length,
  }: Request<'fetchFragment'>): Promise<Uint8Array> => {
    const { file } = this.#transfers.fetch(handle);
    if (!file) return new Uint8Array(0);
    const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };

  readonly closeFetch = async ({ handle }: Request<'closeFetch'>) => {
    const { file } = this.#transfers.fetch(handle);
    this.#transfers.end(handle);
    await file?.close();
    return null;
  };

  readonly openStore = async ({ credentials, target }: Request<'openStore'>) => {
    this.#checkStore(this.#identify(credentials), target);
    const container = await this.#containers.create();
    return { handle: await this.#transfers.begin({ kind: 'store', target, container }) };
  };

  readonly storeFragment = async ({ handle, bytes }: Request<'storeFragment'>) => {
    const { target, container } = this.#transfers.store(handle);
    this.#checkRoom(target, container.length + bytes.length);
    await container.append(bytes);
    return null;
  };

  /** The rights that count are those at the end, whatever they were when it began. */
  readonly commitStore = async (request: Request<'commitStore'>): Promise<ObjectStatus> => {
    const { handle } = request;
    const { target, container } = this.#transfers.store(handle);
    try {
      const contents = await this.#contentsOf(handle);
      return await this.#update(request, (change) => {
        if (target.kind === 'new')
          return { result: this.#status(makeFile(change, { ...target, ...contents })) };
        const stored = store(change, { ...target, ...contents });
        return { result: this.#status(stored.file), unused: stored.container };
      });
    } catch (error) {
      // A commit that failed may be on the disk nevertheless: the next start will see whether it is.
      if (!isErrno(error, 'EIO')) await this.#discard(container.id);
      throw error;
    }
  };

  readonly abandonStore = async ({ handle }: Request<'abandonStore'>) => {
    const { container } = this.#transfers.store(handle);
    this.#transfers.end(handle);
    await container.abandon();
    return null;
  };

  readonly makeDirectory = (request: Request<'makeDirectory'>): Promise<ObjectStatus> =>
    this.#update(request, (change) => ({ result: this.#status(makeDirectory(change, request)) }));

  readonly makeSymlink = (request: Request<'makeSymlink'>): Promise<ObjectStatus> =>
    this.#update(request, (change) => ({ result: this.#status(makeSymlink(change, request)) }));

  readonly link = (request: Request<'link'>) =>
    this.#update(request, (change) => {
      link(change, request);
      return { result: null };
    });

  readonly rename = (request: Request<'rename'>) =>
    this.#update(request, (change) => ({ result: null, unused: rename(change, request) }));

  readonly remove = (request: Request<'remove'>) =>
    this.#update(request, (change) => ({ result: null, unused: remove(change, request) }));

  readonly setStatus = (request: Request<'setStatus'>): Promise<ObjectStatus> =>
    this.#update(request, (change) => ({ result: this.#status(setStatus(change, request)) }));

  readonly reserveFids = ({ volume, count }: Request<'reserveFids'>): Promise<FidBlock> =>
    this.#vnodes.database.transaction((writer) => this.#vnodes.reserveFids(writer, volume, count));

  readonly reintegrate = async (request: Request<'reintegrate'>): Promise<ReintegrationAnswer> => {
    const { credentials, client, volume, records, known } = request;
    const received: ReceivedMutation[] = [];
    try {
      for (const record of records) received.push(await this.#receive(record));
      const identity = this.#identify(credentials);
      const { versions, unused, stale } = await this.#vnodes.database.transaction((writer) =>
        reintegrate(this.#vnodes, this.#last, writer, { volume, identity, records: received, known }),
      );
      for (const container of unused) await this.#discard(container);
      const touched = versions.map(({ fid }) => fid);
      for (const fid of touched) this.callbacks.promise(client, fid);
      await this.callbacks.break(touched, client);
      return { kind: 'done', versions, stale };
    } catch (error) {
      if (isErrno(error, 'EIO')) throw error;
      for (const { contents } of received)
        if (contents?.container !== undefined) await this.#discard(contents.container);
      if (!(error instanceof RefusedMutation)) throw error;
      return { kind: 'refused', index: error.index, errno: error.cause.errno, why: error.cause.why };
    }
  };

  readonly certifyLog = ({ credentials, volume, records }: Request<'certifyLog'>) =>
    certifyLog(
      this.#vnodes,
      this.#identify(credentials),
      records,
      ({ storeId }) => storeId.unique <= (this.#last.get(key(volume, storeId.host)) ?? 0),
    );

  readonly getAcl = async ({ fid }: Request<'getAcl'>) => {
    const { acl } = this.#vnodes.directory(fid);
    const named = (side: keyof StoredAcl) =>
      acl[side].map(({ id, rights }) => ({ name: this.#options.protection.nameOf(id), rights }));
    const text = formatAcl({ positive: named('positive'), negative: named('negative') }, 'reply');
    return Promise.resolve({ text });
  };

  readonly setAcl = async (request: Request<'setAcl'>) => {
    await this.#update(request, (change) => {
      setAcl(change, request, this.#options.protection);
      return { result: null };
    });
    await this.callbacks.break([request.fid], undefined);
    return null;
  };

  readonly rightsChanged = async () => {
    await this.callbacks.breakAll();
    return null;
  };

  readonly getVolumeStatus = async ({
    credentials,
    volume,
  }: Request<'getVolumeStatus'>): Promise<VolumeAnswer> => {
    const root = this.#vnodes.directory({ volume, vnode: ROOT_VNODE, unique: ROOT_VNODE });
    const identity = this.#identify(credentials);
    if (!identity.administrator) requireRights(root, identity, Right.Read);
    return Promise.resolve(this.#volumeAnswer(volume));
  };

  readonly setVolumeStatus = async (request: Request<'setVolumeStatus'>): Promise<VolumeAnswer> => {
    const { credentials, volume, minQuota, maxQuota, offlineMessage, messageOfTheDay } = request;
    if (!this.#identify(credentials).administrator) fail('EACCES', 'Only System:Administrators set quotas.');
    await this.#vnodes.database.transaction((writer) => {
      const present = this.#vnodes.volume(volume);
      this.#vnodes.putVolume(writer, {
        ...present,
        ...(minQuota === undefined ? {} : { minQuota }),
        ...(maxQuota === undefined ? {} : { maxQuota }),
        ...(offlineMessage === undefined ? {} : { offlineMessage: encodeText(offlineMessage) }),
        ...(messageOfTheDay === undefined ? {} : { messageOfTheDay: encodeText(messageOfTheDay) }),
      });
    });
    return this.#volumeAnswer(volume);
  };

  readonly describeVolume = async ({ volume }: Request<'describeVolume'>): Promise<VolumeAnswer> =>
    Promise.resolve(this.#volumeAnswer(volume));

  readonly createVolume = async (request: NewVolume) => {
    await this.#vnodes.database.transaction((writer) => {
      if (!this.#vnodes.hasVolume(request.volume))
        makeVolume(this.#vnodes, writer, request, this.#options.now());
    });
    return null;
  };

  /** One update of a client: done as a whole, on the disk before it is answered. */
  async #update<Result>(
    { credentials, storeId }: { readonly credentials: Credentials; readonly storeId: Change['storeId'] },
    perform: (change: Change) => { readonly result: Result; readonly unused?: number | undefined },
  ): Promise<Result> {
    const identity = this.#identify(credentials);
    const now = this.#options.now();
    const { result, unused } = await this.#vnodes.database.transaction((writer) =>
      perform({ vnodes: this.#vnodes, writer, identity, storeId, now }),
    );
    if (unused !== undefined) await this.#discard(unused);
    return result;
  }

  /** Removes a container that no record mentions. One that stays nevertheless is removed at the next start. */
  async #discard(container: number): Promise<void> {
    await this.#containers.remove(container).catch((error: unknown) => logFault('container', error));
  }

  /** Whose rights count: those of the token's user while it lives, else those of everybody. */
  #identify({ secret }: Credentials): Identity {
    const { protection, tokenKey, now } = this.#options;
    const claim = secret && openToken(secret, tokenKey);
    const valid = claim && claim.ends * 1000 > now() && protection.byId(claim.viceId) !== undefined;
    return protection.identityOf(valid ? claim.viceId : ANY_USER.id);
  }

  #readable(directory: Fid, credentials: Credentials): void {
    requireRights(this.#vnodes.directory(directory), this.#identify(credentials), Right.Lookup);
  }

  #fileToFetch(fid: Fid, identity: Identity): FileVnode {
    const vnode = this.#vnodes.vnode(fid);
    if (vnode.type === 'directory') fail('EISDIR');
    if (vnode.type === 'symlink') fail('EINVAL');
    requireRights(this.#vnodes.ruler(vnode), identity, Right.Read);
    requireMode(vnode, 'read');
    return vnode;
  }

  #checkStore(identity: Identity, target: StoreTarget): void {
    const asked = { vnodes: this.#vnodes, identity };
    if (target.kind === 'logged') return;
    if (target.kind === 'existing') fileToStore(asked, target.fid);
    else checkNewName(this.#vnodes, parentFor(asked, target.directory), target.name);
  }

  /** With the contents that were sent for it, on the disk. */
  async #receive(record: SentMutation): Promise<ReceivedMutation> {
    const { handle } = record;
    return { ...record, contents: handle === undefined ? undefined : await this.#contentsOf(handle) };
  }

  async #contentsOf(handle: number): Promise<Contents> {
    const { container } = this.#transfers.store(handle);
    this.#transfers.end(handle);
    const { length } = container;
    if (length > 0) await container.finish();
    else await container.abandon();
    return { length, container: length > 0 ? container.id : undefined };
  }

  /** Contents that the quota has no room for are refused before they have filled the disk. */
  #checkRoom(target: StoreTarget, length: number): void {
    const isThere = target.kind !== 'new' && !this.#vnodes.isFree(target.fid);
    const present = isThere ? this.#vnodes.vnode(target.fid) : undefined;
    this.#vnodes.checkRoom(volumeOf(target), present, length);
  }

  #status(vnode: Vnode): ObjectStatus {
    return {
      fid: vnode.fid,
      type: vnode.type,
      length: lengthOf(vnode),
      linkCount: vnode.linkCount,
      owner: vnode.owner,
      ownerName: this.#options.protection.nameOf(vnode.owner),
      mode: vnode.mode,
      modified: vnode.modified,
      versionVector: vnode.versionVector,
      parent: vnode.parent,
      target: vnode.type === 'symlink' ? decodeText(vnode.target) : undefined,
    };
  }

  #volumeAnswer(id: number): VolumeAnswer {
    const { bavail, blocks, bsize } = statfsSync(this.#options.directory);
    return volumeAnswer(this.#vnodes.volume(id), { size: blocks * bsize, available: bavail * bsize });
  }
}
