/** What a client asks a file server. All times are milliseconds since 1970, all lengths bytes. */
import type { Fid } from '../../ipc/fid.ts';
import type { FileType } from '../../ipc/venus.ts';
import type { ConflictCause } from '../../ipc/repairs.ts';
import type { FixOperation } from '../../ipc/fixFile/fixFile.ts';
import type { StoreId, VersionVector } from '../../ipc/versionVector.ts';
import type { VolumeStatus } from '../../ipc/volumeStatus.ts';
import type { FidBlock } from '../tree/vnodes.ts';
import type { VolumeMember } from '../tree/volumeRecord.ts';
import type { LoggedUpdate } from '../server/resolution/loggedUpdate.ts';
import type { DumpProtocol } from './dumpProtocol.ts';
import type { Nothing } from './link.ts';
import type { KnownUpdate, SentMutation } from './mutation.ts';

/** Who asks: the secret half of his token, or nobody in particular. */
export interface Credentials {
  readonly secret?: Uint8Array;
}

interface Asked {
  readonly credentials: Credentials;
}

/** What a server knows of an object, apart from its contents. */
export interface ObjectStatus {
  readonly fid: Fid;
  readonly type: FileType;
  readonly length: number;
  readonly linkCount: number;
  readonly owner: number;
  readonly ownerName: string;
  readonly mode: number;
  readonly modified: number;
  readonly versionVector: VersionVector;
  /** The directory it is in; none for the root of a volume. */
  readonly parent: Fid | undefined;
  /** Contents of a symbolic link. */
  readonly target: string | undefined;
}

export interface EntryRecord {
  readonly name: string;
  readonly fid: Fid;
  readonly type: FileType;
}

export interface FileProtocol extends DumpProtocol {
  /** Answers as long as the server runs. */
  readonly probe: { request: Nothing; reply: Nothing };
  readonly getStatus: { request: Asked & { readonly fid: Fid }; reply: ObjectStatus };
  /** For a client that keeps it, and is told when somebody else changes it. */
  readonly fetchObject: {
    request: Asked & { readonly fid: Fid; readonly client: string };
    reply: FetchedObject;
  };
  /** As fetchObject, for several objects of one volume: an answer for each of them. */
  readonly fetchObjects: {
    request: Asked & { readonly volume: number; readonly fids: readonly Fid[]; readonly client: string };
    reply: readonly FetchAnswer[];
  };
  readonly lookup: {
    request: Asked & { readonly directory: Fid; readonly name: string };
    reply: ObjectStatus;
  };
  /** A part of a directory: entries after a name, in the order of their bytes. */
  readonly readDirectory: {
    request: Asked & { readonly directory: Fid; readonly after: string | undefined; readonly limit: number };
    reply: readonly EntryRecord[];
  };
  /** The name under which an object is in its directory; any of them, if it has several. */
  readonly nameOf: { request: Asked & { readonly fid: Fid }; reply: { readonly name: string } };

  /** Begins to read one version of a file. */
  readonly openFetch: {
    request: Asked & { readonly fid: Fid };
    reply: { readonly handle: number; readonly length: number; readonly storeId: StoreId };
  };
  /** Less than asked for only at the end. */
  readonly fetchFragment: {
    request: { readonly handle: number; readonly offset: number; readonly length: number };
    reply: Uint8Array;
  };
  /** Of the version that is being read: SHA-256, in hexadecimal digits. EIO where its contents are lost or damaged. */
  readonly digestFetch: { request: { readonly handle: number }; reply: { readonly sha256: string } };
  readonly closeFetch: { request: { readonly handle: number }; reply: Nothing };

  /** What the server has of objects of one volume, in their order, for comparing it with what others have. */
  readonly examine: {
    request: Asked & { readonly volume: number; readonly fids: readonly Fid[] };
    reply: readonly ExaminedObject[];
  };
  /** Of a stretch of a file; EIO where its contents are lost or damaged. Needs the right to read it. */
  readonly digest: {
    request: Asked & { readonly fid: Fid; readonly offset: number; readonly length: number };
    reply: ContentsDigest;
  };

  /** Begins to send contents of a file, for a record of a modify log that names them. The log may make the file, too. */
  readonly openStore: { request: { readonly fid: Fid }; reply: { readonly handle: number } };
  /** Fragments come in order. Refused early where the quota has no room. */
  readonly storeFragment: {
    request: { readonly handle: number; readonly bytes: Uint8Array };
    reply: Nothing;
  };
  /** All fragments have been sent: the contents wait on the server's disk for their record. */
  readonly finishStore: { request: { readonly handle: number }; reply: Nothing };
  readonly abandonStore: { request: { readonly handle: number }; reply: Nothing };

  /** Fids for a client to make objects with. */
  readonly reserveFids: {
    request: { readonly volume: number; readonly count: number };
    reply: FidBlock;
  };
  /**
   * A part of a modify log, performed as a whole or not at all; what was performed before is not again. The contents of
   * stores are used up by it; if it is refused, they stay for another try. ESTALE where they were given up meanwhile.
   */
  readonly reintegrate: {
    request: Asked & {
      readonly client: string;
      readonly volume: number;
      readonly records: readonly SentMutation[];
      /** Of the directories in which they make and remove names. */
      readonly known: readonly KnownUpdate[];
    };
    reply: ReintegrationAnswer;
  };
  /** Sees to it that a mutation is not performed any more, unless it has been. */
  readonly fence: {
    request: { readonly volume: number; readonly storeId: StoreId };
    reply: { readonly wasPerformed: boolean };
  };
  /** What would become of a modify log if it were reintegrated now, record by record. Changes nothing. */
  readonly certifyLog: {
    request: Asked & { readonly volume: number; readonly records: readonly SentMutation[] };
    reply: readonly RefusedRecord[];
  };

  /** The second phase of updates of a volume with several servers: the places of those that have performed them. */
  readonly concludeUpdates: {
    request: {
      readonly volume: number;
      readonly storeIds: readonly StoreId[];
      readonly sites: readonly number[];
    };
    reply: Nothing;
  };
  /** Brings the servers of a volume that this one can reach to the same state, where that can be done. */
  readonly resolveVolume: { request: { readonly volume: number }; reply: Nothing };

  /** A part of the objects of a volume whose replicas could not be merged, as this server has them: those after a vnode number. */
  readonly listInconsistent: {
    request: Asked & { readonly volume: number; readonly after: number; readonly limit: number };
    reply: InconsistentPart;
  };

  /** Settles an object in conflict at one server (spec/repair.md, 12 and 13). EINVAL if it is not in conflict there. */
  readonly repairReplica: {
    request: Asked & {
      readonly fid: Fid;
      readonly storeId: StoreId;
      /** Milliseconds since 1970. */
      readonly time: number;
      /** The largest counters of all replicas that could be read. */
      readonly template: readonly number[];
      readonly source: RepairSource;
    };
    reply: Nothing;
  };
  /** Gives an object at one server another version: what repair does where nothing else helps (spec/repair.md, 4). */
  readonly setVersion: {
    request: Asked & { readonly fid: Fid; readonly versionVector: VersionVector };
    reply: Nothing;
  };

  /** Access lists as text, names as the realm knows them (spec/cfs.md, 7). */
  readonly getAcl: { request: Asked & { readonly fid: Fid }; reply: { readonly text: string } };
  readonly setAcl: {
    request: Asked & { readonly storeId: StoreId; readonly fid: Fid; readonly text: string };
    reply: Nothing;
  };

  readonly getVolumeStatus: { request: Asked & { readonly volume: number }; reply: VolumeAnswer };
  readonly setVolumeStatus: {
    request: Asked & {
      readonly volume: number;
      /** Units of 1 KiB; absent = unchanged. */
      readonly minQuota?: number;
      readonly maxQuota?: number;
      readonly offlineMessage?: string;
      readonly messageOfTheDay?: string;
    };
    reply: VolumeAnswer;
  };
  /** The following are for the administration of the realm, not for users. */
  readonly describeVolume: { request: { readonly volume: number }; reply: VolumeAnswer };
  /** Users or groups have changed: what clients know of anybody's rights is not true any more. */
  readonly rightsChanged: { request: Nothing; reply: Nothing };
  /** Makes the volume and its root directory. */
  readonly createVolume: { request: NewVolume; reply: Nothing };
  /** Takes back what createVolume made, as another server of the volume could not. Refused once something is in it. */
  readonly dropVolume: { request: { readonly volume: number }; reply: Nothing };
}

/** An object for comparison, or the errno by which it is refused. */
export type ExaminedObject =
  | {
      readonly kind: 'object';
      readonly status: ObjectStatus;
      /** Of a directory, as text. */
      readonly acl: string | undefined;
    }
  | { readonly kind: 'refused'; readonly errno: number };

export interface ContentsDigest {
  /** SHA-256 of the stretch, in hexadecimal digits. */
  readonly sha256: string;
  /** Of the whole file: the bytes that it takes on the disk of the server, which are fewer where it has holes. */
  readonly allocated: number;
}

export interface InconsistentPart {
  /** Without those that the asker may not see. */
  readonly objects: readonly InconsistentObject[];
  /** The vnode number to go on after; none at the end. */
  readonly last: number | undefined;
}

/** An object in conflict, as one server has it. */
export interface InconsistentObject {
  readonly status: ObjectStatus;
  /** From the root of the volume, which is the empty path; none for what has no name here. */
  readonly path: string | undefined;
  readonly causes: readonly ConflictCause[];
  /** What the names that causes are about stand for here. */
  readonly names: readonly { readonly name: string; readonly status: ObjectStatus | undefined }[];
  /** The last updates that this server has, and another one may not have: of the object, and of what those names stand for. */
  readonly updates: readonly ConflictUpdate[];
}

export interface ConflictUpdate {
  readonly storeId: StoreId;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly userName: string;
  readonly kind: LoggedUpdate['kind'];
  /** From the object in conflict, which is the empty path: what it was done to, and where a rename or link led. */
  readonly path: string;
  readonly to: string | undefined;
}

/** What an object in conflict becomes. */
export type RepairSource =
  | {
      readonly kind: 'file';
      /** Of the contents, sent before. */
      readonly handle: number;
      readonly owner: number;
      readonly mode: number;
      readonly modified: number;
    }
  | { readonly kind: 'directory'; readonly operations: readonly FixOperation[] };

export interface FetchedObject {
  readonly status: ObjectStatus;
  /** The id that the asker counts as, and his rights in the directory or in the one that rules over the object. */
  readonly viceId: number;
  readonly rights: number;
  /** Of a directory: how many names it has, and what they take. */
  readonly entryCount: number;
  readonly nameUnits: number;
}

/** An object, or the errno by which it is refused. */
export type FetchAnswer =
  | { readonly kind: 'object'; readonly object: FetchedObject }
  | { readonly kind: 'refused'; readonly errno: number };

/** A record that may not be performed, by its place among those asked about. */
export interface RefusedRecord {
  readonly index: number;
  readonly errno: number;
  readonly why: string | undefined;
}

export type ReintegrationAnswer =
  | {
      readonly kind: 'done';
      readonly versions: readonly { readonly fid: Fid; readonly versionVector: VersionVector }[];
      /** Directories that others had changed before. */
      readonly stale: readonly Fid[];
    }
  | ({ readonly kind: 'refused' } & RefusedRecord);

export interface VolumeAnswer {
  readonly status: VolumeStatus;
  readonly offlineMessage: string;
  readonly messageOfTheDay: string;
}

export interface NewVolume {
  readonly volume: number;
  readonly replica: number;
  /** The server's place in the version vectors, 0 to 7. */
  readonly site: number;
  /** All servers of the volume, in the order of their places. */
  readonly members: readonly VolumeMember[];
  /** When it is made: the root directory is the same on all servers. */
  readonly time: number;
  readonly name: string;
  /** Who owns the root directory. */
  readonly owner: number;
  readonly maxQuota: number;
}

/** Bytes in a fragment of contents. */
export const FRAGMENT = 256 * 1024;
