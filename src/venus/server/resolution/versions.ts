/** The version vectors of objects after a merge. */
import type { StoreId, VersionVector } from '../../../ipc/versionVector.ts';
import { VSG_SIZE } from '../../../ipc/versionVector.ts';
import type { Item, VolumeView } from './volumeView.ts';
import { firstIn, has, placesIn } from './sides.ts';

/** Whether an object at one replica has another update last than at a second one, and its version dominates. */
export function isNewer({ objects }: Item, place: number, than: number): boolean {
  const [one, other] = [objects[place]?.versionVector, objects[than]?.versionVector];
  return one !== undefined && other !== undefined && !isSameUpdate(one, other) && dominates(one, other);
}

/**
 * The version that all replicas of an object get: the greatest of each counter. Where one replica has all updates, its
 * last one names the version; where none has, the merge is an update of its own, performed by all replicas given.
 * @param isUnchanged whether the merge does nothing to the object
 */
export function versionAfter(
  item: Item,
  { replicas }: VolumeView,
  resolution: StoreId,
  isUnchanged: boolean,
): VersionVector | undefined {
  const own = placesIn(item.present).flatMap((place) => item.objects[place]?.versionVector ?? []);
  const [first] = own;
  if (!first) return undefined;
  if (isUnchanged && own.every((vector) => isEqual(vector, first))) return { ...first, flags: 0 };
  const versions = Array.from({ length: VSG_SIZE }, (_, site) =>
    Math.max(...own.map((vector) => vector.versions[site] ?? 0)),
  );
  const leading = leadingIn(item);
  if (leading !== 0 || !item.isDirectory) {
    const leader = greatestOf(item, leading & item.newest || item.newest || leading);
    return { versions, storeId: leader?.storeId ?? first.storeId, flags: 0 };
  }
  for (const { site } of replicas) versions[site] = (versions[site] ?? 0) + 1;
  return { versions, storeId: resolution, flags: 0 };
}

/** The replicas that know all updates of an object. */
function leadingIn({ touches, present }: Item): number {
  let leading = present;
  for (const { known } of touches) leading &= known;
  return leading;
}

function greatestOf({ objects }: Item, sides: number): VersionVector | undefined {
  const vectors = placesIn(sides).flatMap((place) => objects[place]?.versionVector ?? []);
  return vectors.reduce<VersionVector | undefined>(
    (greatest, vector) => (greatest && sum(greatest) >= sum(vector) ? greatest : vector),
    undefined,
  );
}

/** Whether an object is marked inconsistent at a replica where its contents are not replaced as a whole. */
export function staysInconsistent(item: Item): boolean {
  const flagged = item.objects.reduce(
    (sides, object, place) => (((object?.versionVector.flags ?? 0) & 1) === 0 ? sides : sides | (1 << place)),
    0,
  );
  if (flagged === 0) return false;
  return item.isDirectory || item.newest === 0 || (flagged & item.newest) !== 0;
}

export const sourceOf = ({ newest, present }: Item): number => firstIn(newest === 0 ? present : newest);

/** Whether a replica takes contents and status of an object over from another one. */
export function isCopiedTo({ dies, staysAsItIs, newest, present }: Item, place: number): boolean {
  return !dies && !staysAsItIs && newest !== 0 && has(present & ~newest, place);
}

function dominates({ versions }: VersionVector, other: VersionVector): boolean {
  return (
    versions.every((count, site) => count >= (other.versions[site] ?? 0)) && sum({ versions }) > sum(other)
  );
}

function isSameUpdate({ storeId }: VersionVector, other: VersionVector): boolean {
  return storeId.host === other.storeId.host && storeId.unique === other.storeId.unique;
}

function isEqual(one: VersionVector, other: VersionVector): boolean {
  return isSameUpdate(one, other) && one.versions.every((count, site) => count === other.versions[site]);
}

const sum = ({ versions }: Pick<VersionVector, 'versions'>): number =>
  versions.reduce((total, count) => total + count, 0);
