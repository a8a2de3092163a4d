/** The replicas of an object on its servers, as a repair looks at them. */
import type { AccessList } from '../../acl/accessList.ts';
import type { Fid } from '../../ipc/fid.ts';
import type { FileType } from '../../ipc/venus.ts';
import type { StoreId, VersionVector } from '../../ipc/versionVector.ts';
import type { DirectoryId } from '../../ipc/fixFile/fixFile.ts';

/** What one server has of the object under repair. */
export interface Replica {
  /** The name of the server, which is that of the entry below the expanded object. */
  readonly server: string;
  /** From the Coda root. */
  readonly path: string;
  /** The volume of the replica. */
  readonly volume: number;
  /** Its place in version vectors, where it is known. */
  readonly slot: number | undefined;
  /** Undefined where the server does not answer. */
  readonly versionVector: VersionVector | undefined;
}

/** An entry of a replica's directory, with what tells at once whether another replica has the same. */
export interface ReplicaEntry {
  readonly name: string;
  /** In the volume: both are the same in all replicas. */
  readonly vnode: number;
  readonly unique: number;
  /** The last update of the object. */
  readonly storeId: StoreId;
}

/** The status of something in a replica. */
export interface ReplicaStatus {
  readonly type: FileType | 'mount point';
  readonly fid: Fid;
  readonly versionVector: VersionVector;
  /** Bytes. */
  readonly length: number;
  readonly mode: number;
  readonly owner: number;
  readonly ownerName: string;
  readonly linkCount: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** What a replica's directory is like itself. */
export interface DirectoryStatus extends ReplicaStatus {
  readonly access: AccessList;
  /** Of a volume, where the directory is its root. */
  readonly quotas: { readonly min: number; readonly max: number } | undefined;
}

/** Where a replica has an object. */
export interface Location {
  readonly parent: DirectoryId;
  readonly name: string;
  /** For people: as far as it is known. */
  readonly path: string;
}

/** What can be read of replicas. Everything throws VenusError, RepairError or TimeLimitError. */
export interface ReplicaReader {
  /** The fid in the replicated volume: what operations are about. */
  readonly object: Fid;
  /** All of them as they were when the object was expanded last, those that do not answer included; never what the client itself has. */
  replicas(): Promise<readonly Replica[]>;
  /** Entries of a directory in no order. */
  entries(replica: Replica): AsyncIterable<ReplicaEntry>;
  directory(replica: Replica): Promise<DirectoryStatus>;
  /** @param name an entry, empty for the object itself @returns undefined where nothing has the name */
  status(replica: Replica, name: string): Promise<ReplicaStatus | undefined>;
  /** Finds an object of the volume wherever the replica has it; undefined where it has not. */
  locate(replica: Replica, object: DirectoryId): Promise<Location | undefined>;
}

export function isAnswering(
  replica: Replica,
): replica is Replica & { readonly versionVector: VersionVector } {
  return replica.versionVector !== undefined;
}

/** Odd numbers are directories, in every Coda. */
export function isDirectoryVnode({ vnode }: { readonly vnode: number }): boolean {
  return vnode % 2 === 1;
}

export function fidKey({ vnode, unique }: DirectoryId): string {
  return `${vnode.toString(16)}.${unique.toString(16)}`;
}
