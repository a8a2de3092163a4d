/** What a resolution works on, and what it comes to. Everything here is plain values and functions of them. */
import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId, VersionVector } from '../../../ipc/versionVector.ts';
import type { FileType } from '../../../ipc/venus.ts';
import type { LoggedUpdate, NamedFid } from './loggedUpdate.ts';

/** One server's replica of a volume, as far as a resolution has to know it. */
export interface Replica {
  /** Its place in the version vectors, 0 to 7. */
  readonly site: number;
  /** The updates that not all servers are known to have performed, in the order in which this one did. */
  readonly log: readonly LoggedUpdate[];
  /** An object as it is there; nothing if it is not. Asked about what {@link objectsIn} names, and directories above. */
  readonly object: (fid: Fid) => ReplicaObject | undefined;
  /** What a name in a directory stands for there. Asked about what {@link namesIn} names. */
  readonly entry: (directory: Fid, name: string) => Fid | undefined;
  /**
   * Whether it has performed an update that it forgot, since all servers have. Without it, an update that this server
   * has forgotten and another one has not counts as one that it never had: a conflict too many, but nothing lost.
   */
  readonly isConcluded?: (storeId: StoreId) => boolean;
}

export interface ReplicaObject {
  readonly fid: Fid;
  readonly type: FileType;
  readonly versionVector: VersionVector;
  /** How many names a file has: logs name only those that came or went. */
  readonly linkCount: number;
  /** None for the root of a volume. */
  readonly parent: Fid | undefined;
}

/** Why replicas cannot be merged at an object. */
export interface MergeConflict {
  /** The object that is in conflict: for what concerns a name, the directory it is in. */
  readonly fid: Fid;
  readonly kind:
    | 'name/name'
    | 'update/update'
    | 'remove/update'
    | 'rename/rename'
    | 'rename/remove'
    | 'cycle'
    /** A name that can come or go only when another conflict is repaired. */
    | 'dependent';
  /** The name it is about, if it is about one. */
  readonly name?: string;
}

/** One step of what a replica lacks. All steps of a replica are done together or not at all. */
export type MergeStep =
  /** Take a name away. */
  | ({ readonly step: 'leave' } & NamedFid)
  /** Remove an object that has no name any more. */
  | { readonly step: 'drop'; readonly fid: Fid }
  /** Make an object as it is at another site, with contents, and of a directory without what is in it. */
  | { readonly step: 'make'; readonly fid: Fid; readonly from: number }
  /** Give a name to an object. */
  | ({ readonly step: 'enter' } & NamedFid)
  /** Take contents and status over from another site: mode, owner, time, access list; not names and what is in a directory. */
  | { readonly step: 'copy'; readonly fid: Fid; readonly from: number };

export interface ReplicaPlan {
  readonly site: number;
  /** In an order in which they can be done. */
  readonly steps: readonly MergeStep[];
  /** Updates that this replica has when the steps are done, and did not have before. */
  readonly learned: readonly LoggedUpdate[];
}

export interface MergePlan {
  readonly replicas: readonly ReplicaPlan[];
  readonly conflicts: readonly MergeConflict[];
  /** The version of each touched object that exists and is not in conflict, for all sites that have it afterwards. */
  readonly versions: readonly { readonly fid: Fid; readonly versionVector: VersionVector }[];
  /** Updates that all the replicas given have when all is done: not to be forgotten before each has done its steps. */
  readonly common: readonly StoreId[];
}
