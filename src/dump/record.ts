/** What a volume dump says, record by record. coda-dump(5) describes the stream. */
import type { VersionVector } from '../ipc/versionVector.ts';

/** Number of this format. A reader refuses dumps of later ones. */
export const FORMAT = 1;
/** Bytes of a dump's id, of the digest of a volume's state, and of the fingerprint of one object. */
export const [ID_SIZE, DIGEST_SIZE, FINGERPRINT_SIZE] = [16, 32, 16] as const;
/** Bytes of a name at most. */
export const MAX_NAME = 255;
/** Vnode numbers from here on belong to no server. */
export const VNODE_LIMIT = 0xffff_0000;

export type DumpKind = 'full' | 'increment';

/** An object of the volume; the dump has no volume numbers but in its header. */
export interface ObjectId {
  readonly vnode: number;
  readonly unique: number;
}

/** What a volume has besides its objects. Quotas and blocks are units of 1 KiB; a maximum of 0 is none. */
export interface DumpedVolume {
  readonly id: number;
  readonly name: string;
  readonly minQuota: number;
  readonly maxQuota: number;
  readonly blocksUsed: bigint;
  readonly offlineMessage: Uint8Array;
  readonly messageOfTheDay: Uint8Array;
  readonly nextDirectory: number;
  readonly nextFile: number;
  readonly nextUnique: number;
}

/** The dump that an increment builds upon. */
export interface DumpBase {
  readonly id: Uint8Array;
  /** Digest of the volume's state in it: the increment fits upon this state and no other. */
  readonly state: Uint8Array;
}

export interface HeaderRecord {
  readonly kind: 'header';
  readonly id: Uint8Array;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly realm: string;
  readonly server: string;
  readonly volume: DumpedVolume;
  /** None for a full dump. */
  readonly base: DumpBase | undefined;
}

/** One object in the snapshot, and a fingerprint of its state. */
export interface IndexEntry extends ObjectId {
  readonly fingerprint: Uint8Array;
}

/** A part of the list of all objects in the snapshot, whether they are in this dump or only in those below it. */
export interface IndexRecord {
  readonly kind: 'index';
  readonly entries: readonly IndexEntry[];
}

/** The end of that list, and of what an increment upon this dump needs to know. */
export interface IndexEndRecord {
  readonly kind: 'index-end';
  readonly objects: bigint;
  /** Objects and bytes of contents that follow in this dump. */
  readonly dumpedObjects: bigint;
  readonly dumpedBytes: bigint;
  readonly state: Uint8Array;
}

/** Whom the ids of owners and access lists stand for. */
export interface DumpedPrincipal {
  readonly id: number;
  readonly type: 'user' | 'group';
  readonly name: string;
}

export interface PrincipalsRecord {
  readonly kind: 'principals';
  readonly principals: readonly DumpedPrincipal[];
}

/** Objects of the base that are gone. */
export interface RemovedRecord {
  readonly kind: 'removed';
  readonly objects: readonly ObjectId[];
}

export interface DumpedRights {
  readonly id: number;
  readonly rights: number;
}

interface CommonStatus {
  readonly id: ObjectId;
  /** The directory it is in; none for the root of the volume. */
  readonly parent: ObjectId | undefined;
  /** Its names in that directory. Directories have no list of their entries beside. */
  readonly names: readonly string[];
  readonly owner: number;
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly versionVector: VersionVector;
}

export interface DirectoryStatus extends CommonStatus {
  readonly type: 'directory';
  readonly positive: readonly DumpedRights[];
  readonly negative: readonly DumpedRights[];
}

export interface FileStatus extends CommonStatus {
  readonly type: 'file';
  /** Bytes. */
  readonly length: bigint;
}

export interface SymlinkStatus extends CommonStatus {
  readonly type: 'symlink';
  readonly target: Uint8Array;
}

export type ObjectStatus = DirectoryStatus | FileStatus | SymlinkStatus;

/** An object. Its names are as many as there was room for; others follow. */
export interface ObjectRecord {
  readonly kind: 'object';
  readonly status: ObjectStatus;
  /** How many names it has in all. */
  readonly nameCount: number;
}

/** More names of the object before. */
export interface NamesRecord {
  readonly kind: 'names';
  readonly id: ObjectId;
  readonly names: readonly string[];
}

/** A part of the contents of the file before. */
export interface DataRecord {
  readonly kind: 'data';
  readonly id: ObjectId;
  readonly offset: bigint;
  readonly bytes: Uint8Array;
}

/** A part of the contents of the file before that is all zero. */
export interface HoleRecord {
  readonly kind: 'hole';
  readonly id: ObjectId;
  readonly offset: bigint;
  readonly length: bigint;
}

export interface DumpCounters {
  readonly directories: bigint;
  readonly files: bigint;
  readonly symlinks: bigint;
  readonly names: bigint;
  readonly removed: bigint;
  /** Bytes of contents; those of holes are counted apart. */
  readonly dataBytes: bigint;
  readonly holeBytes: bigint;
}

export interface TrailerRecord {
  readonly kind: 'trailer';
  readonly counters: DumpCounters;
  /** Of everything before. */
  readonly digest: Uint8Array;
}

export type DumpRecord =
  | HeaderRecord
  | IndexRecord
  | IndexEndRecord
  | PrincipalsRecord
  | RemovedRecord
  | ObjectRecord
  | NamesRecord
  | DataRecord
  | HoleRecord
  | TrailerRecord;

export function kindOf({ base }: HeaderRecord): DumpKind {
  return base ? 'increment' : 'full';
}

export function sameObject(one: ObjectId, other: ObjectId): boolean {
  return one.vnode === other.vnode && one.unique === other.unique;
}

/** Vnode numbers of directories are odd. */
export function isDirectory({ vnode }: ObjectId): boolean {
  return vnode % 2 === 1;
}
