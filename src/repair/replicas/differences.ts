/** In what the replicas of a directory can differ (spec/repair.md, 9). */
import type { AccessList } from '../../acl/accessList.ts';
import type { DirectoryId } from '../../ipc/fixFile/fixFile.ts';
import { type DirectoryStatus, type Location, type Replica, type ReplicaStatus, fidKey } from './replica.ts';

/** What one replica has. */
export interface Holder {
  readonly replica: Replica;
  readonly status: ReplicaStatus;
}

/** An object that one of the replicas has somewhere. */
export interface PlacedHolder extends Holder {
  readonly location: Location;
}

export type Difference =
  /** Different objects by one name. */
  | { readonly kind: 'name/name'; readonly name: string; readonly holders: readonly Holder[] }
  | {
      readonly kind: 'missing';
      readonly name: string;
      readonly object: DirectoryId;
      readonly holders: readonly Holder[];
      readonly lacking: readonly Replica[];
      /** Those of them that have the object by another name: it has several. */
      readonly linked: readonly Replica[];
      /** `new`: those without it never had it. `removed`: one of them had it once. `link`: all of them are linked. */
      readonly why: 'new' | 'removed' | 'link';
    }
  /** One object in different places, or by different names. */
  | {
      readonly kind: 'renamed';
      readonly object: DirectoryId;
      readonly holders: readonly PlacedHolder[];
      /** Those that do not have it at all. */
      readonly lacking: readonly Replica[];
      /** Whether a replica has one of the directories in question, so that something can be moved there. */
      readonly hasDirectory: (replica: Replica, directory: DirectoryId) => boolean;
    }
  /** An entry that is the same everywhere and has different versions: it is resolved or repaired by itself. */
  | {
      readonly kind: 'update';
      readonly name: string;
      readonly holders: readonly Holder[];
      readonly isConflict: boolean;
    }
  | { readonly kind: 'mode'; readonly directories: readonly DirectoryHolder[] }
  | { readonly kind: 'owner'; readonly directories: readonly DirectoryHolder[] }
  /** The rights of one user or group. */
  | {
      readonly kind: 'rights';
      readonly side: keyof AccessList;
      readonly user: string;
      readonly rights: readonly { readonly replica: Replica; readonly rights: number }[];
      readonly directories: readonly DirectoryHolder[];
    }
  /** Of the volume whose root it is; no fix file can change it. */
  | { readonly kind: 'quota'; readonly directories: readonly DirectoryHolder[] }
  /** Only the counters of updates differ. */
  | { readonly kind: 'version'; readonly directories: readonly DirectoryHolder[] };

export interface DirectoryHolder {
  readonly replica: Replica;
  readonly status: DirectoryStatus;
}

export type NameConflict = Extract<Difference, { kind: 'name/name' }>;
export type Missing = Extract<Difference, { kind: 'missing' }>;
export type Renamed = Extract<Difference, { kind: 'renamed' }>;

/** The same for the same difference in a later comparison: what was decided about it still holds. */
export function keyOf(difference: Difference): string {
  switch (difference.kind) {
    case 'name/name': {
      const objects = difference.holders.map(({ status }) => fidKey(status.fid));
      return `name/name ${[...new Set(objects)].sort().join(' ')} ${difference.name}`;
    }
    case 'missing':
      return `missing ${fidKey(difference.object)} ${difference.name}`;
    case 'renamed':
      return `renamed ${fidKey(difference.object)}`;
    case 'update':
      return `update ${difference.name}`;
    case 'rights':
      return `rights ${difference.side} ${difference.user}`;
    case 'mode':
    case 'owner':
    case 'quota':
    case 'version':
      return difference.kind;
  }
}

/** The object that was written last, or the first of several. */
export function newestOf<Each extends { readonly status: ReplicaStatus }>(
  holders: readonly Each[],
): Each | undefined {
  return holders.reduce<Each | undefined>(
    (newest, each) => (newest && newest.status.modified >= each.status.modified ? newest : each),
    undefined,
  );
}
