import { type Fid, formatRealmFid } from '../../ipc/fid.ts';
import type {
  AttributeChange,
  DirectoryEntry,
  FileStatus,
  FileTree,
  ListOptions,
  StoreOptions,
  WriteOptions,
} from '../../ipc/venus.ts';
import type { StoreId } from '../../ipc/versionVector.ts';
import { fail } from '../fail.ts';
import { type EntryRecord, FRAGMENT, type ObjectStatus } from '../net/fileProtocol.ts';
import { isErrno } from '../../ipc/errors.ts';
import {
  type ObjectPlace,
  type Place,
  changeable,
  changeableDirectory,
  expandedFid,
  isMountLink,
  rootFid,
} from './place.ts';
import { Changes } from './changes.ts';
import { walk, walkToParent } from './pathWalk.ts';
import type { UserSession } from './userSession.ts';

/** Entries asked for at a time. */
const PAGE = 1024;
/** Bytes in a block of a quota. */
const BLOCK = 1024;
const SYMLINK_MODE = 0o777;

/** A file to be stored: one that is there, or a new one. */
type StoreTarget = { readonly session: UserSession } & (
  | { readonly kind: 'existing'; readonly fid: Fid; readonly length: number }
  | { readonly kind: 'new'; readonly directory: Fid; readonly name: string; readonly mode: number }
);

interface ParentAndName {
  readonly directory: ObjectPlace;
  readonly name: string;
}

/** The file tree as one local user sees it. */
export class SessionFiles implements FileTree {
  readonly #session: UserSession;

  constructor(session: UserSession) {
    this.#session = session;
  }

  async lstat(path: string): Promise<FileStatus> {
    return this.#describe(await walk(this.#session, path, false));
  }

  async resolve(path: string): Promise<{ path: string; status: FileStatus }> {
    const place = await walk(this.#session, path, true);
    return { path: place.path, status: this.#describe(place) };
  }

  async *readdir(path: string, { withVersions }: ListOptions = {}): AsyncGenerator<DirectoryEntry> {
    const place = await walk(this.#session, path, true);
    if (place.kind === 'root') {
      const { status } = await this.resolve(`/${this.#session.realm}`);
      yield { name: this.#session.realm, type: 'directory', identity: status.identity };
      return;
    }
    if (place.kind === 'expanded') {
      for (const name of await place.expanded.names()) {
        const { type, identity } = await this.lstat(`${place.path}/${name}`);
        yield { name, type, identity };
      }
      return;
    }
    const directory = place.status.fid;
    for (let after: string | undefined; ;) {
      const page = await place.session.entries(directory, after, PAGE);
      const versions = withVersions ? await place.session.versionsOf(page) : [];
      for (const [at, entry] of page.entries()) {
        const version = versions[at];
        yield version ? { ...this.#unfollowed(entry), version } : await this.#listed(place, entry);
      }
      after = page.at(-1)?.name;
      if (page.length < PAGE) return;
    }
  }

  async readlink(path: string): Promise<string> {
    const place = await walk(this.#session, path, false);
    return (place.kind === 'object' ? place.status.target : undefined) ?? fail('EINVAL');
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const { status, session } = file(await walk(this.#session, path, true));
    const { length, file: contents } = await session.openFile(status.fid);
    this.#report('opened', path, length);
    if (!contents) return;
    try {
      for (let offset = 0; offset < length;) {
        const wanted = Math.min(FRAGMENT, length - offset);
        const { bytesRead, buffer } = await contents.read(new Uint8Array(wanted), wanted, offset);
        if (bytesRead === 0) fail('EIO', 'The contents of the file are shorter than its length.');
        offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await contents.close();
    }
  }

  async write(path: string, contents: AsyncIterable<Uint8Array>, options: StoreOptions): Promise<void> {
    const target = await this.#storeTarget(path, options);
    const room = await this.#roomFor(target);
    const { client } = target.session;
    const received = await client.files.receive(
      contents,
      room,
      target.kind === 'existing' ? target.fid : undefined,
    );
    this.#session.patience.renew();
    const changes = new Changes(target.session);
    try {
      if (target.kind === 'existing') await changes.store(target.fid, received, options.modified);
      else await changes.makeFile(target, received, options.modified);
    } catch (error) {
      await client.files.discard(received);
      throw error;
    }
    this.#report('stored', path, received.length);
  }

  async mkdir(path: string, mode: number): Promise<void> {
    const { directory, name } = await this.#parent(path);
    await changesIn(directory).makeDirectory({ directory: directory.status.fid, name, mode });
  }

  async symlink(path: string, target: string): Promise<void> {
    const { directory, name } = await this.#parent(path);
    const link = { directory: directory.status.fid, name, target, mode: SYMLINK_MODE };
    await changesIn(directory).makeSymlink(link);
  }

  async link(existing: string, path: string): Promise<void> {
    const { status, session } = changeable(await walk(this.#session, existing, false));
    if (status.type === 'directory') fail('EPERM');
    const { directory, name } = await this.#parent(path);
    checkSameTree(session, directory.session);
    if (directory.status.fid.volume !== status.fid.volume) fail('EXDEV');
    await changesIn(directory).link({ directory: directory.status.fid, name }, status.fid);
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [await this.#parent(from), await this.#parent(to)];
    checkSameTree(source.directory.session, target.directory.session);
    const { directory, name } = source;
    checkSettled(directory.session, (await directory.session.lookup(directory.status.fid, name)).fid);
    try {
      await this.#checkRemovable(target);
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'EACCES')) throw error;
    }
    await changesIn(source.directory).rename(
      { directory: source.directory.status.fid, name: source.name },
      { directory: target.directory.status.fid, name: target.name },
    );
  }

  async remove(path: string): Promise<void> {
    const { directory, name } = await this.#parent(path);
    await this.#checkRemovable({ directory, name });
    await changesIn(directory).remove({ directory: directory.status.fid, name });
  }

  /** @param follow whether a symbolic link in the last position is followed */
  async setattr(path: string, change: AttributeChange, follow = true): Promise<void> {
    const { status, session } = changeable(await walk(this.#session, path, follow));
    await new Changes(session).setStatus(status.fid, change);
  }

  /** @throws VenusError EACCES, EROFS where the contents of an object may not be read, or not be changed */
  async checkAccess(path: string, wanted: 'read' | 'write'): Promise<void> {
    const place = await walk(this.#session, path, true);
    if (wanted === 'read') {
      if (place.kind === 'object') await place.session.checkRead(place.status.fid);
      return;
    }
    const { status, session } = changeable(place);
    if (status.type === 'directory') await session.checkChange(status.fid);
    else await new Changes(session).checkStore(status.fid);
  }

  /** A mount point goes by rmmount alone, so that a volume does not vanish by a slip of the hand; a conflict by repair. */
  async #checkRemovable({ directory, name }: ParentAndName): Promise<void> {
    const victim = await directory.session.lookup(directory.status.fid, name);
    checkSettled(directory.session, victim.fid);
    if (isMountLink(victim)) fail('EBUSY', 'A volume is mounted there. To unmount it: cfs rmmount');
  }

  async #parent(path: string): Promise<ParentAndName> {
    const { directory, name } = await walkToParent(this.#session, path);
    if (name === '.' || name === '..') fail('EINVAL');
    return { directory: changeableDirectory(directory), name };
  }

  /** Bytes that the quota has room for: contents without an end are refused before they have filled the disk. */
  async #roomFor(target: StoreTarget): Promise<number> {
    const { volume } = target.kind === 'existing' ? target.fid : target.directory;
    const server = await target.session.client.serverOf(volume);
    if (!server.isUp) return Infinity;
    try {
      const { maxQuota, blocksUsed } = (await server.call('describeVolume', { volume })).status;
      const present = target.kind === 'existing' ? target.length : 0;
      return maxQuota === 0 ? Infinity : Math.max(0, maxQuota - blocksUsed) * BLOCK + present;
    } catch (error) {
      if (isErrno(error, 'ETIMEDOUT')) return Infinity;
      throw error;
    }
  }

  /** The file behind a path, through links; or a new one in the directory that is there. */
  async #storeTarget(path: string, { mode, exclusive }: WriteOptions): Promise<StoreTarget> {
    try {
      const place = await walk(this.#session, path, true);
      if (exclusive) fail('EEXIST');
      const { status, session } = changeable(file(place));
      const { fid, length } = status;
      await new Changes(session).checkStore(fid);
      return { kind: 'existing', session, fid, length };
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    const { directory, name } = await this.#parent(path);
    const present = directory.session.client.tree.cache.vnodes.entry(directory.status.fid, name);
    if (present) checkSettled(directory.session, { ...present, volume: directory.status.fid.volume });
    const target = { directory: directory.status.fid, name, mode };
    await changesIn(directory).checkMake(target);
    return { kind: 'new', session: directory.session, ...target };
  }

  /** A link by which a volume is mounted shows as the directory it leads to. */
  async #listed(directory: ObjectPlace, record: EntryRecord): Promise<DirectoryEntry> {
    const { name, type, fid } = record;
    const entry = this.#unfollowed(record);
    const { logs } = this.#session.client.tree;
    if (type !== 'symlink' && !logs.isInConflict(fid)) return entry;
    try {
      const status = this.#describe(await walk(this.#session, `${directory.path}/${name}`, false));
      return { name, type: status.type, identity: status.identity };
    } catch (error) {
      // It was there when the directory was read, as everything else in the list.
      if (isErrno(error, 'ENOENT')) return entry;
      throw error;
    }
  }

  #unfollowed({ name, type, fid }: EntryRecord): DirectoryEntry {
    return { name, type, identity: formatRealmFid({ ...fid, realm: this.#session.realm }) };
  }

  #describe(place: Place): FileStatus {
    if (place.kind === 'root') return rootStatus;
    if (place.kind === 'expanded') return expandedStatus(place.expanded.fid);
    const { status, mount } = place;
    return {
      ...describe(status, this.#session.realm),
      ...(mount ? { mountPoint: mount.contents } : {}),
    };
  }

  #report(kind: 'opened' | 'stored', path: string, length: number): void {
    this.#session.client.events.report({ kind, uid: this.#session.uid, path: `/coda${path}`, length });
  }
}

const rootStatus: FileStatus = {
  type: 'directory',
  length: 2048,
  mode: 0o755,
  linkCount: 3,
  owner: 0,
  modified: 0,
  identity: formatRealmFid(rootFid),
};

function describe(status: ObjectStatus, realm: string): FileStatus {
  const { type, length, mode, linkCount, owner, ownerName, modified, fid, versionVector } = status;
  return {
    type,
    length,
    mode,
    linkCount,
    owner,
    ownerName,
    modified,
    identity: formatRealmFid({ ...fid, realm }),
    version: versionText(versionVector.storeId),
  };
}

function versionText({ host, unique }: StoreId): string {
  return `${host.toString(16)}.${unique.toString(16)}`;
}

/** A directory of versions, which venus makes up (spec/repair.md, 2.3). */
function expandedStatus(fid: Fid): FileStatus {
  const identity = formatRealmFid({ ...expandedFid, unique: fid.unique });
  return { ...rootStatus, mode: 0o555, linkCount: 1, identity };
}

function changesIn({ session }: ObjectPlace): Changes {
  return new Changes(session);
}

/** @throws VenusError EPERM for an object in conflict */
function checkSettled({ client }: UserSession, fid: Fid): void {
  if (client.tree.logs.isInConflict(fid) || client.repairs.of(fid))
    fail('EPERM', 'It is in conflict, which repair settles.');
}

/** Between the versions of an object under repair, and from them to elsewhere, nothing moves. */
function checkSameTree(one: UserSession, other: UserSession): void {
  if (one.client !== other.client) fail('EXDEV');
}

/** @throws VenusError EISDIR */
function file(place: Place): ObjectPlace {
  if (place.kind !== 'object' || place.status.type === 'directory') return fail('EISDIR');
  return place;
}
