/** What is to become of differences: what somebody decided, or what keeps everything that anybody wrote. */
import { MAX_FIX_NAME } from '../../ipc/fixFile/fixFile.ts';
import { besideName } from '../besideName.ts';
import type { Comparison, NameSet } from './compare.ts';
import {
  type Difference,
  type Holder,
  type Missing,
  type NameConflict,
  type PlacedHolder,
  type Renamed,
  keyOf,
  newestOf,
} from './differences.ts';
import { type Location, fidKey } from './replica.ts';

export type Decision =
  /** By the server of each entry that is to go; the others are made as `moved` says, by their objects. */
  | {
      readonly kind: 'name/name';
      readonly removed: ReadonlySet<string>;
      readonly moved: ReadonlyMap<string, string>;
    }
  | { readonly kind: 'missing'; readonly choice: 'create' | 'remove' | 'leave' }
  | { readonly kind: 'renamed'; readonly to: Location | 'remove' | 'leave' }
  | { readonly kind: 'rights'; readonly rights: number }
  | { readonly kind: 'mode'; readonly mode: number }
  | { readonly kind: 'owner'; readonly owner: number };

/** Decisions of a session, by {@link keyOf} the difference; they hold in its further cycles. */
export type Decisions = Map<string, Decision>;

const MAX_ATTEMPTS = 1000;

/**
 * What keeps everything: of two objects by one name the newer one keeps it, and the other is kept beside it; what is
 * missing is made. Undefined for differences that no fix file settles.
 */
export function proposalFor(difference: Difference, { names }: Comparison): Decision | undefined {
  switch (difference.kind) {
    case 'name/name':
      return keepBoth(difference, names, new Set());
    case 'missing':
      return { kind: 'missing', choice: 'create' };
    case 'renamed':
      return { kind: 'renamed', to: placesOf(difference)[0] ?? 'leave' };
    case 'rights': {
      const newest = newestOf(difference.directories);
      const rights = difference.rights.find(({ replica }) => replica === newest?.replica);
      return { kind: 'rights', rights: rights?.rights ?? 0 };
    }
    case 'mode':
      return { kind: 'mode', mode: newestOf(difference.directories)?.status.mode ?? 0 };
    case 'owner':
      return { kind: 'owner', owner: newestOf(difference.directories)?.status.owner ?? 0 };
    case 'update':
    case 'quota':
    case 'version':
      return undefined;
  }
}

/** What was decided, else what is proposed. */
export function decisionOn(
  difference: Difference,
  comparison: Comparison,
  decisions: Decisions,
): Decision | undefined {
  return earlierDecision(difference, decisions) ?? proposalFor(difference, comparison);
}

/** What was decided before, unless it speaks of a place where nobody has the object any more. */
export function earlierDecision(difference: Difference, decisions: Decisions): Decision | undefined {
  const decision = decisions.get(keyOf(difference));
  if (difference.kind !== 'renamed' || decision?.kind !== 'renamed') return decision;
  const { to } = decision;
  if (typeof to === 'string' || difference.holders.some((holder) => isAt(holder, to))) return decision;
  return undefined;
}

/**
 * Keeps all objects of those entries that are not removed: the newest by its name, the others by new ones.
 * @param whose what the new name says of where the object is from
 */
export function keepBoth(
  { name, holders }: NameConflict,
  names: NameSet,
  removed: ReadonlySet<string>,
  whose: (holder: Holder) => string = ({ replica }) => replica.server,
): Extract<Decision, { kind: 'name/name' }> {
  const kept = holders.filter(({ replica }) => !removed.has(replica.server));
  const newest = newestOf(kept);
  const moved = new Map<string, string>();
  for (const holder of kept) {
    const object = fidKey(holder.status.fid);
    if (moved.has(object) || (newest && fidKey(newest.status.fid) === object)) continue;
    moved.set(object, freeName(name, holder, names, [...moved.values()], whose(holder)));
  }
  return { kind: 'name/name', removed, moved };
}

function freeName(
  name: string,
  { status }: Holder,
  names: NameSet,
  taken: readonly string[],
  whose: string,
): string {
  const type = status.type === 'mount point' ? 'symlink' : status.type;
  for (let attempt = 1; ; attempt++) {
    const free = besideName(name, type, whose, status.modified, attempt, MAX_FIX_NAME);
    if (attempt === MAX_ATTEMPTS || !(names.has(free) || taken.includes(free))) return free;
  }
}

/** The objects of a name that are kept, each with those who have it. */
export function keptObjects(
  { holders }: NameConflict,
  removed: ReadonlySet<string>,
): ReadonlyMap<string, readonly Holder[]> {
  const kept = new Map<string, Holder[]>();
  for (const holder of holders) {
    if (removed.has(holder.replica.server)) continue;
    const object = fidKey(holder.status.fid);
    kept.set(object, [...(kept.get(object) ?? []), holder]);
  }
  return kept;
}

/**
 * Where a renamed object is and can be everywhere, each place once: that which most replicas have is first. Nothing can be
 * moved to a directory that a replica lacks, and that may come only when this one is normal.
 */
export function placesOf({ holders, hasDirectory }: Renamed): readonly Location[] {
  const isPossible = ({ parent }: Location): boolean =>
    holders.every(({ replica }) => hasDirectory(replica, parent));
  const places = new Map<string, { location: Location; count: number }>();
  for (const { location } of holders) {
    if (!isPossible(location)) continue;
    const key = placeKey(location);
    const place = places.get(key);
    if (place) place.count += 1;
    else places.set(key, { location, count: 1 });
  }
  return [...places.values()].sort((one, other) => other.count - one.count).map(({ location }) => location);
}

export function isAt({ location }: PlacedHolder, place: Location): boolean {
  return placeKey(location) === placeKey(place);
}

function placeKey({ parent, name }: Location): string {
  return `${fidKey(parent)}/${name}`;
}

/** Whether a question has to be asked at all: what nobody else ever had is simply missing. */
export function isPlain({ why }: Missing): boolean {
  return why === 'new';
}

/**
 * Takes back what cannot be done: a server that refuses a repair may have something else by the name in another directory,
 * which nobody sees from here. The object stays in the directory under repair instead.
 * @returns the places that are given up
 */
export function keepHere(comparison: Comparison, decisions: Decisions): readonly Location[] {
  const here = fidKey(comparison.object);
  const givenUp: Location[] = [];
  for (const difference of comparison.differences) {
    const decision = decisionOn(difference, comparison, decisions);
    if (difference.kind !== 'renamed' || decision?.kind !== 'renamed' || typeof decision.to === 'string')
      continue;
    const place = difference.holders.find(({ location }) => fidKey(location.parent) === here);
    if (!place || fidKey(decision.to.parent) === here) continue;
    givenUp.push(decision.to);
    decisions.set(keyOf(difference), { kind: 'renamed', to: place.location });
  }
  return givenUp;
}
