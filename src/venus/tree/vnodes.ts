/** Volumes, vnodes and directory entries as one file server keeps them. coda-data(5) describes the tables. */
import type { Fid } from '../../ipc/fid.ts';
import { decodeText, textLength } from '../../ipc/text.ts';
import type { FileType } from '../../ipc/venus.ts';
import type { VersionVector } from '../../ipc/versionVector.ts';
import type { Database, Table, Writer } from '../store/database.ts';
import { fail } from '../fail.ts';
import { type Key, key } from '../store/keys.ts';
import { isInconsistent } from './version.ts';
import {
  type StoredVolume,
  type VolumeRecord,
  isReplicated,
  NUMBERS_PER_SITE,
  volumeRecordOf,
} from './volumeRecord.ts';

interface VnodeBase {
  readonly fid: Fid;
  readonly owner: number;
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly versionVector: VersionVector;
  readonly linkCount: number;
  /** The directory it is in; none for the root of a volume. */
  readonly parent?: Fid;
  /** In conflict, and repaired since: it is in conflict no more if all replicas are the same now. */
  readonly isRepaired?: boolean;
}

export interface FileVnode extends VnodeBase {
  readonly type: 'file';
  readonly length: number;
  /** Number of the container with the contents; none for an empty file. */
  readonly container?: number;
}

export interface DirectoryVnode extends VnodeBase {
  readonly type: 'directory';
  readonly entryCount: number;
  /** What the names take in a Coda directory, in its units of 32 bytes. */
  readonly nameUnits: number;
  readonly acl: StoredAcl;
}

export interface SymlinkVnode extends VnodeBase {
  readonly type: 'symlink';
  /** Bytes, as the messages of a volume. */
  readonly target: Uint8Array;
}

export type Vnode = FileVnode | DirectoryVnode | SymlinkVnode;

/** An access list by ids, each half in their order. */
export interface StoredAcl {
  readonly positive: readonly StoredRights[];
  readonly negative: readonly StoredRights[];
}

export interface StoredRights {
  readonly id: number;
  readonly rights: number;
}

export interface Entry {
  readonly vnode: number;
  readonly unique: number;
  readonly type: FileType;
}

/** What an entry says of the object it stands for. */
type Named = Pick<Vnode, 'fid' | 'type'>;

export const ROOT_VNODE = 1;
/** Bytes of a name in a directory. */
export const MAX_NAME = 255;
const BLOCK = 1024;
const DIRECTORY_PAGE = 2048;
const [UNITS_PER_PAGE, UNIT, PAGE_HEADER_UNITS, ENTRY_HEADER] = [64, 32, 13, 13];

/** Fids for `count` directories and `count` files or links: vnode numbers two apart, unique numbers in order. */
export interface FidBlock {
  readonly volume: number;
  readonly directory: number;
  readonly file: number;
  readonly unique: number;
  readonly count: number;
}

/** Hears what a transaction does to a vnode, before it is known whether the transaction is undone. */
export type VnodeListener = (writer: Writer, before: Vnode | undefined, after: Vnode | undefined) => void;

/** Beyond are the numbers that real clients use for objects that no server knows. */
const LAST_VNODE = 0xffff_0000;

/** Reads anywhere; writes with the right that a transaction gives. */
export class Vnodes {
  readonly database: Database;
  readonly #volumes: Table<StoredVolume>;
  readonly #vnodes: Table<Vnode>;
  readonly #entries: Table<Entry>;
  /** The other way round: under which names an object is in its directory. */
  readonly #names: Table<true>;
  /** Objects whose replicas differ in a way that nothing could merge. */
  readonly #inconsistent: Table<Fid>;
  /** A volume's place never changes. */
  readonly #sites = new Map<number, number>();
  readonly #onChange: VnodeListener | undefined;

  /** @param onChange told of each vnode that is written or removed */
  constructor(database: Database, onChange?: VnodeListener) {
    this.database = database;
    this.#onChange = onChange;
    this.#volumes = database.table('volumes');
    this.#vnodes = database.table('vnodes');
    this.#entries = database.table('entries');
    this.#names = database.table('names');
    this.#inconsistent = database.table('inconsistent');
  }

  /** @throws VenusError ENXIO if this server does not hold the volume */
  volume(id: number): VolumeRecord {
    const stored = this.#volumes.get(key(id)) ?? fail('ENXIO');
    return volumeRecordOf(stored);
  }

  hasVolume(id: number): boolean {
    return this.#volumes.get(key(id)) !== undefined;
  }

  /** The place of this replica of a volume in the storage group. */
  siteOf(id: number): number {
    const known = this.#sites.get(id);
    if (known !== undefined) return known;
    const site = this.#volumes.get(key(id))?.site ?? 0;
    if (this.hasVolume(id)) this.#sites.set(id, site);
    return site;
  }

  *volumes(): Generator<VolumeRecord> {
    for (const { value } of this.#volumes.all()) yield volumeRecordOf(value);
  }

  /** @throws VenusError ENOENT if the object is gone, ENXIO if the volume is not here */
  vnode(fid: Fid): Vnode {
    const found = this.#vnodes.get(vnodeKey(fid));
    if (found?.fid.unique === fid.unique) return found;
    this.volume(fid.volume);
    return fail('ENOENT');
  }

  /** The object, if it is here. */
  find(fid: Fid): Vnode | undefined {
    const found = this.#vnodes.get(vnodeKey(fid));
    return found?.fid.unique === fid.unique ? found : undefined;
  }

  /** @throws VenusError ENOTDIR, and as {@link vnode} */
  directory(fid: Fid): DirectoryVnode {
    const found = this.vnode(fid);
    return found.type === 'directory' ? found : fail('ENOTDIR');
  }

  /** The directory whose access list rules over an object: itself, or the one it is in. */
  ruler(vnode: Vnode): DirectoryVnode {
    if (vnode.type === 'directory') return vnode;
    return vnode.parent ? this.directory(vnode.parent) : fail('EIO');
  }

  /** @throws VenusError ENAMETOOLONG */
  entry(directory: Fid, name: string): Entry | undefined {
    if (textLength(name) > MAX_NAME) fail('ENAMETOOLONG');
    return this.#entries.get(entryKey(directory, name));
  }

  /** The object by a name. @throws VenusError ENOENT */
  child(directory: Fid, name: string): Vnode {
    const entry = this.entry(directory, name) ?? fail('ENOENT');
    return this.vnode({ volume: directory.volume, vnode: entry.vnode, unique: entry.unique });
  }

  *entries(directory: Fid, after?: string): Generator<{ readonly name: string; readonly entry: Entry }> {
    const prefix = vnodeKey(directory);
    const start = after === undefined ? undefined : entryKey(directory, after);
    for (const { key: found, value } of this.#entries.entries(prefix, start)) {
      yield { name: decodeText(found.subarray(prefix.length)), entry: value };
    }
  }

  /** One of the names of an object in its directory. */
  nameOf(vnode: Vnode): string | undefined {
    if (!vnode.parent) return undefined;
    const prefix = key(vnode.fid.volume, vnode.fid.vnode, vnode.parent.vnode);
    for (const { key: found } of this.#names.entries(prefix))
      return decodeText(found.subarray(prefix.length));
    return undefined;
  }

  /** All names of an object in its directory. */
  namesOf(vnode: Vnode): readonly string[] {
    if (!vnode.parent) return [];
    const prefix = key(vnode.fid.volume, vnode.fid.vnode, vnode.parent.vnode);
    return [...this.#names.entries(prefix)].map(({ key: found }) =>
      decodeText(found.subarray(prefix.length)),
    );
  }

  /** The objects of a volume in its order, after a vnode number. */
  *inVolume(volume: number, after: number): Generator<Vnode> {
    for (const { value } of this.#vnodes.entries(key(volume), key(volume, after))) yield value;
  }

  /** The objects of a volume that are in conflict. */
  inconsistent(volume: number): readonly Fid[] {
    return [...this.#inconsistent.entries(key(volume))].map(({ value }) => value);
  }

  /** Every vnode of the server, for looking through all of them. */
  *all(): Generator<Vnode> {
    for (const { value } of this.#vnodes.all()) yield value;
  }

  putVolume(writer: Writer, volume: VolumeRecord): void {
    writer.put(this.#volumes, key(volume.id), volume);
  }

  /** Forgets a volume, but nothing that is in it. */
  removeVolume(writer: Writer, id: number): void {
    writer.remove(this.#volumes, key(id));
  }

  /** @param present what would be replaced; none if it is new @throws VenusError EDQUOT if there is no room for it */
  checkRoom(volumeId: number, present: Vnode | undefined, length: number): void {
    checkQuota(this.volume(volumeId), toBlocks(length) - (present ? blocksOf(present) : 0));
  }

  /** Stores a vnode that is new or has changed, and keeps count of the volume's blocks. @throws VenusError EDQUOT */
  put(writer: Writer, vnode: Vnode): void {
    const before = this.#vnodes.get(vnodeKey(vnode.fid));
    checkQuota(this.volume(vnode.fid.volume), growth(before, vnode));
    this.#write(writer, before, vnode);
  }

  /** As {@link put}, where the quota has been looked at before. */
  putUnchecked(writer: Writer, vnode: Vnode): void {
    this.#write(writer, this.#vnodes.get(vnodeKey(vnode.fid)), vnode);
  }

  remove(writer: Writer, vnode: Vnode): void {
    this.#account(writer, vnode.fid.volume, -blocksOf(vnode));
    if (isInconsistent(vnode)) writer.remove(this.#inconsistent, vnodeKey(vnode.fid));
    writer.remove(this.#vnodes, vnodeKey(vnode.fid));
    this.#onChange?.(writer, vnode, undefined);
  }

  /** Enters a name into a directory; gives the directory back as it then is, not yet stored. */
  addEntry(writer: Writer, directory: DirectoryVnode, name: string, vnode: Named): DirectoryVnode {
    this.setEntries(writer, directory.fid, [{ name, fid: vnode.fid, type: vnode.type }]);
    return {
      ...directory,
      entryCount: directory.entryCount + 1,
      nameUnits: directory.nameUnits + unitsOf(name),
      linkCount: directory.linkCount + (vnode.type === 'directory' ? 1 : 0),
    };
  }

  /** The other way round. */
  removeEntry(writer: Writer, directory: DirectoryVnode, name: string, vnode: Named): DirectoryVnode {
    this.clearEntry(writer, directory.fid, name, vnode.fid);
    return {
      ...directory,
      entryCount: directory.entryCount - 1,
      nameUnits: directory.nameUnits - unitsOf(name),
      linkCount: directory.linkCount - (vnode.type === 'directory' ? 1 : 0),
    };
  }

  /** Forgets the entries of a directory. What they stand for stays, and so does the count of them. */
  clearEntries(writer: Writer, directory: Fid): void {
    for (const { name, entry } of [...this.entries(directory)])
      this.clearEntry(writer, directory, name, { ...entry, volume: directory.volume });
  }

  /** Forgets one entry, as {@link Vnodes.clearEntries} all. */
  clearEntry(writer: Writer, directory: Fid, name: string, fid: Fid): void {
    writer.remove(this.#entries, entryKey(directory, name));
    writer.remove(this.#names, nameKey(fid, directory, name));
  }

  /** Enters names that are counted already. */
  setEntries(
    writer: Writer,
    directory: Fid,
    entries: readonly { readonly name: string; readonly fid: Fid; readonly type: FileType }[],
  ): void {
    for (const { name, fid, type } of entries) {
      writer.put(this.#entries, entryKey(directory, name), { vnode: fid.vnode, unique: fid.unique, type });
      writer.put(this.#names, nameKey(fid, directory, name), true);
    }
  }

  /** Sets fids aside for a client, to make objects with while it reaches no server. None of them was ever used. */
  reserveFids(writer: Writer, volumeId: number, count: number): FidBlock {
    const volume = this.volume(volumeId);
    const { nextDirectory, nextFile, nextUnique } = volume;
    const last = isReplicated(volume) ? (volume.site + 1) * NUMBERS_PER_SITE : LAST_VNODE;
    if (nextDirectory + 2 * count > last || nextFile + 2 * count > last) fail('ENOSPC');
    this.putVolume(writer, {
      ...volume,
      nextDirectory: nextDirectory + 2 * count,
      nextFile: nextFile + 2 * count,
      nextUnique: nextUnique + 2 * count,
    });
    return { volume: volumeId, directory: nextDirectory, file: nextFile, unique: nextUnique, count };
  }

  /** Whether no object has the number of a fid. */
  isFree(fid: Fid): boolean {
    return this.#vnodes.get(vnodeKey(fid)) === undefined;
  }

  #account(writer: Writer, volumeId: number, blocks: number): void {
    if (blocks === 0) return;
    const volume = this.volume(volumeId);
    this.putVolume(writer, { ...volume, blocksUsed: volume.blocksUsed + blocks });
  }

  #write(writer: Writer, before: Vnode | undefined, vnode: Vnode): void {
    this.#account(writer, vnode.fid.volume, growth(before, vnode));
    writer.put(this.#vnodes, vnodeKey(vnode.fid), vnode);
    if (isInconsistent(vnode)) writer.put(this.#inconsistent, vnodeKey(vnode.fid), vnode.fid);
    else if (before && isInconsistent(before)) writer.remove(this.#inconsistent, vnodeKey(vnode.fid));
    this.#onChange?.(writer, before, vnode);
  }
}

/** Length as stat shows it: bytes of a file or link, whole pages of a directory. */
export function lengthOf(vnode: Vnode): number {
  if (vnode.type === 'file') return vnode.length;
  if (vnode.type === 'symlink') return vnode.target.length;
  return Math.ceil((PAGE_HEADER_UNITS + vnode.nameUnits) / UNITS_PER_PAGE) * DIRECTORY_PAGE;
}

/** A file apart from where its contents are kept. */
export function withoutContainer({ container, ...rest }: FileVnode): FileVnode {
  return container === undefined ? { ...rest } : rest;
}

/** What an object counts for in its volume's quota, in units of 1 KiB. */
export function blocksOf(vnode: Vnode): number {
  return toBlocks(lengthOf(vnode));
}

function growth(before: Vnode | undefined, after: Vnode): number {
  return blocksOf(after) - (before ? blocksOf(before) : 0);
}

function toBlocks(length: number): number {
  return Math.ceil(length / BLOCK);
}

/** @param blocks more than there are now @throws VenusError EDQUOT */
function checkQuota({ maxQuota, blocksUsed }: VolumeRecord, blocks: number): void {
  if (blocks > 0 && maxQuota > 0 && blocksUsed + blocks > maxQuota) fail('EDQUOT');
}

export function sameFid(one: Fid, other: Fid): boolean {
  return one.volume === other.volume && one.vnode === other.vnode && one.unique === other.unique;
}

/** What a name takes in a directory. */
export function unitsOf(name: string): number {
  return Math.ceil((ENTRY_HEADER + textLength(name)) / UNIT);
}

function vnodeKey(fid: Fid): Key {
  return key(fid.volume, fid.vnode);
}

function entryKey(directory: Fid, name: string): Key {
  return key(directory.volume, directory.vnode, name);
}

function nameKey(fid: Fid, directory: Fid, name: string): Key {
  return key(fid.volume, fid.vnode, directory.vnode, name);
}
