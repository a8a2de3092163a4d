/** What becomes of each object by itself, and the conflicts of it: see merge.ts for the rules. */
import { isNewer } from './versions.ts';
import type { Conflicts } from './conflicts.ts';
import type { MergeConflict } from './mergePlan.ts';
import type { Item, Pair } from './volumeView.ts';
import { has, placesIn } from './sides.ts';

type Kind = MergeConflict['kind'];

/** Applies the rules that look at one object and its names. */
export function judgeObject(item: Item, conflicts: Conflicts): void {
  if (item.present !== 0) {
    if (item.gone !== 0) judgeRemoval(item, conflicts);
    else if (hasNoNameLeft(item)) judgeLastNames(item, conflicts);
    else judgePlaces(item, conflicts);
  }
  if (item.dies) for (const pair of item.names) pair.desired = false;
}

/** Finds the newest contents and status of an object that stays. */
export function judgeContents(item: Item, conflicts: Conflicts): void {
  if (item.present === 0 || item.dies || item.staysAsItIs) return;
  item.newest = newestOf(item);
  if (item.newest === 0) conflicts.ofItem(item);
}

/** An object that is gone at some replicas stays gone if one of these knew all that was done to it, and in it. */
function judgeRemoval(item: Item, conflicts: Conflicts): void {
  const removers = placesIn(item.gone).map((place) => ({
    isChanged: changesUnknownTo(item, place) || item.entries.some((pair) => isNews(pair, place)),
    names: item.names.filter((pair) => isNews(pair, place)),
  }));
  if (removers.some(({ isChanged, names }) => !isChanged && names.length === 0)) {
    item.dies = true;
    return;
  }
  const news = removers.flatMap(({ names }) => names);
  const isRenamed = news.some((pair) => isByRename(pair));
  const isUpdated = removers.some(({ isChanged }) => isChanged) || news.some((pair) => !isByRename(pair));
  if (isUpdated) hold(item, 'remove/update', conflicts);
  if (isRenamed) hold(item, 'rename/remove', conflicts);
}

/** Different names of a file were removed at different replicas, and together they are all. */
function judgeLastNames(item: Item, conflicts: Conflicts): void {
  if (item.isDirectory) hold(item, 'rename/rename', conflicts);
  else if ((newestOf(item) & item.present) === item.present) item.dies = true;
  else hold(item, 'remove/update', conflicts);
}

/** A directory has one name, all names of a file are in one directory, and one rename goes to one place. */
function judgePlaces(item: Item, conflicts: Conflicts): void {
  const desired = item.names.filter((pair) => pair.desired);
  if (desired.length < 2 || desired.every(({ isEverywhere }) => isEverywhere)) return;
  const directories = new Set(desired.map(({ directory }) => directory));
  if (item.isDirectory || directories.size > 1 || isTornApart(item)) freeze(item, 'rename/rename', conflicts);
}

/** Whether one name of a file was renamed to several. */
function isTornApart({ names }: Item): boolean {
  const ends = new Map<Pair, Pair>();
  for (const place of names[0]?.effects.keys() ?? []) {
    for (const [end, origin] of renamesAt(names, place)) {
      if (!end.desired || end === origin) continue;
      const other = ends.get(origin) ?? end;
      if (other !== end) return true;
      ends.set(origin, end);
    }
  }
  return false;
}

/** Where renames at a replica have brought names: from where they are now to where they were first. */
function renamesAt(names: readonly Pair[], place: number): ReadonlyMap<Pair, Pair> {
  const renames = new Map<number, { from?: Pair; to?: Pair }>();
  for (const pair of names)
    for (const { kind, order, isAdded } of pair.effects[place] ?? []) {
      if (kind === 'rename') renames.set(order, { ...renames.get(order), [isAdded ? 'to' : 'from']: pair });
    }
  const origins = new Map<Pair, Pair>();
  for (const order of [...renames.keys()].sort((one, other) => one - other)) {
    const { from, to } = renames.get(order) ?? {};
    if (!from || !to) continue;
    const origin = origins.get(from) ?? from;
    origins.delete(from);
    origins.set(to, origin);
  }
  return origins;
}

function hold(item: Item, kind: Kind, conflicts: Conflicts): void {
  item.isHeld = true;
  freeze(item, kind, conflicts);
}

/** Keeps the names of an object at each replica as they are. */
export function freeze(item: Item, kind: Kind, conflicts: Conflicts): void {
  for (const pair of item.names) {
    pair.isFrozen = true;
    if (pair.before ? !pair.isEverywhere : pair.now !== 0) conflicts.ofName(kind, pair);
  }
}

function hasNoNameLeft(item: Item): boolean {
  return item.names.length > 0 && item.withoutOtherNames !== 0 && item.names.every(({ desired }) => !desired);
}

function changesUnknownTo({ changes, present }: Item, place: number): boolean {
  return placesIn(present).some((other) => changes[other]?.some(({ known }) => !has(known, place)));
}

/** Whether a name is there that a replica never took away, though it has taken away all that it knew. */
function isNews({ desired, now, effects }: Pair, place: number): boolean {
  return desired && now !== 0 && !effects[place]?.some(({ isAdded }) => !isAdded);
}

export function isByRename({ effects }: Pair): boolean {
  return effects.some((own) => own.some(({ kind }) => kind === 'rename'));
}

/** The replicas that know all changes of contents and status; they are as new as each other. */
function newestOf(item: Item): number {
  const { present, changes, objects, touches } = item;
  // A repair makes objects whose contents are to come.
  const full = placesIn(present).filter((place) => !isRunt(item, place));
  const asked = full.length > 0 ? full : placesIn(present);
  const wiser = (place: number) =>
    (changes[place] ?? []).reduce((sides, { known }) => sides & known, present);
  const wisest = asked.reduce((sides, place) => sides & wiser(place), present);
  // What the wisest have may be known to others, whose own changes a repair has replaced.
  const equal = asked.filter((place) => placesIn(wisest).some((wise) => has(wiser(wise), place)));
  const newest = wisest === 0 ? 0 : equal.reduce((sides, place) => sides | (1 << place), 0);
  const isExplained = touches.some(({ known }) => (known & present) !== present);
  if (isExplained || objects.some((object) => object && object.versionVector.flags !== 0)) return newest;
  // No update tells the difference: the versions do.
  const lags = (place: number) => placesIn(newest).some((other) => isNewer(item, other, place));
  return placesIn(newest).reduce((sides, place) => (lags(place) ? sides & ~(1 << place) : sides), newest);
}

function isRunt({ objects }: Item, place: number): boolean {
  return objects[place]?.versionVector.versions.every((count) => count === 0) ?? false;
}
