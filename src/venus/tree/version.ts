import { type StoreId, VSG_SIZE, type VersionVector } from '../../ipc/versionVector.ts';
import type { Vnode } from './vnodes.ts';

/** Flag of a version vector: the replicas of the object differ, and nothing could merge them (spec/repair.md, 1). */
export const INCONSISTENT = 1;

export function isInconsistent({ versionVector }: Pick<Vnode, 'versionVector'>): boolean {
  return (versionVector.flags & INCONSISTENT) !== 0;
}

/** The version of an object that an update makes. @param site the place of the server in its volume's storage group */
export function newVersion(storeId: StoreId, site: number): VersionVector {
  const versions = new Array<number>(VSG_SIZE).fill(0);
  return countUp({ versions, storeId, flags: 0 }, [site]);
}

/** A vnode after an update of one server: only its own place in the vector counts up. */
export function updated<V extends Vnode>(vnode: V, storeId: StoreId, now: number, site: number): V {
  const versionVector = { ...countUp(vnode.versionVector, [site]), storeId };
  return { ...vnode, modified: now, versionVector };
}

/** Counts updates that the servers at some places have performed. */
export function countUp(vector: VersionVector, sites: readonly number[]): VersionVector {
  const versions = vector.versions.map((count, at) => (sites.includes(at) ? count + 1 : count));
  return { ...vector, versions };
}

/** Whether the version of an object says that nothing was ever done to it: others have what it should be (spec/repair.md, 4). */
export function isRunt({ versionVector }: Pick<Vnode, 'versionVector'>): boolean {
  return versionVector.versions.every((count) => count === 0);
}

/** The version of an object, set back to nothing. */
export function runtVersion({ versionVector }: Pick<Vnode, 'versionVector'>): VersionVector {
  return { ...versionVector, versions: new Array<number>(VSG_SIZE).fill(0) };
}

export function sameStoreId(one: StoreId, other: StoreId | undefined): boolean {
  return one.host === other?.host && one.unique === other.unique;
}
