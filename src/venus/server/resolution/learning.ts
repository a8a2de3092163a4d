/** Which updates a replica has when its steps are done. */
import type { Fid } from '../../../ipc/fid.ts';
import type { LoggedUpdate, NamedFid } from './loggedUpdate.ts';
import { finalSides, remaining } from './settling.ts';
import { has } from './sides.ts';
import { isCopiedTo, sourceOf } from './versions.ts';
import type { Update, VolumeView } from './volumeView.ts';

/** The updates that a replica did not have before, and of which nothing is withheld from it. */
export function learnedBy(view: VolumeView, place: number): readonly Update[] {
  return view.updates.filter(
    (update) =>
      !has(update.known, place) && update.logged.every((logged) => isThere(view, place, update, logged)),
  );
}

/** An update as a replica logs that learns it. */
export function asLearned(view: VolumeView, place: number, { logged }: Update): readonly LoggedUpdate[] {
  const [first] = logged;
  if (!first || logged.length === 1) return logged;
  // A repair did at each replica what was needed there; here it did what is done now.
  const isNew = (named: NamedFid) => !has(view.pair(named).now, place);
  const union = (of: (each: LoggedUpdate) => readonly NamedFid[], isTaken: (named: NamedFid) => boolean) =>
    [...new Set(logged.flatMap(of).map((named) => view.pair(named)))]
      .map(({ named }) => named)
      .filter(isTaken);
  const objects = (
    of: (each: LoggedUpdate) => LoggedUpdate['made'],
    isTaken: (isPresent: boolean) => boolean,
  ) =>
    [...new Set(logged.flatMap(of).map((fid) => view.item(fid)))]
      .filter(({ present }) => isTaken(has(present, place)))
      .map(({ fid }) => fid);
  return [
    {
      ...first,
      added: union(({ added }) => added, isNew),
      removed: union(
        ({ removed }) => removed,
        (named) => !isNew(named),
      ),
      made: objects(
        ({ made }) => made,
        (isPresent) => !isPresent,
      ),
      gone: objects(
        ({ gone }) => gone,
        (isPresent) => isPresent,
      ),
      changed: objects(
        ({ changed }) => changed,
        () => true,
      ),
    },
  ];
}

function isThere(view: VolumeView, place: number, update: Update, logged: LoggedUpdate): boolean {
  const names = [...logged.added, ...logged.removed];
  return (
    names.every((named) => isNameDone(view, place, named)) &&
    logged.changed.every((fid) => isChangeDone(view, place, update, fid))
  );
}

function isNameDone(view: VolumeView, place: number, named: NamedFid): boolean {
  const pair = view.pair(named);
  // Once all have an update it is forgotten; what led to a conflict has to be known for as long as that lasts.
  if (pair.isFrozen) return false;
  return has(finalSides(pair, view.everybody), place) === pair.desired;
}

/** Whether a change has come to a replica, or went with what it was a change of. */
function isChangeDone(view: VolumeView, place: number, update: Update, fid: Fid): boolean {
  const item = view.item(fid);
  if (!has(remaining(item, view.everybody), place))
    return !item.isHeld && item.names.every(({ desired }) => !desired);
  // What is made or copied here is as new as where it is from; the newest has, or has replaced, all changes.
  if (item.newest !== 0)
    return isCopiedTo(item, place) || has(item.newest, place) || !has(item.present, place);
  return !has(item.present, place) && has(update.known, sourceOf(item));
}
