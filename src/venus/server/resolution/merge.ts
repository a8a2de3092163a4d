import type { Fid } from '../../../ipc/fid.ts';
import { formatFid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import { Conflicts } from './conflicts.ts';
import { asLearned, learnedBy } from './learning.ts';
import type { LoggedUpdate, NamedFid } from './loggedUpdate.ts';
import type { MergePlan, MergeStep, Replica } from './mergePlan.ts';
import { judgeContents, judgeObject } from './objectRules.ts';
import { decidePresence } from './presence.ts';
import { Settling, finalSides, remaining } from './settling.ts';
import { has } from './sides.ts';
import { stepsOf } from './steps.ts';
import { staysInconsistent, versionAfter } from './versions.ts';
import { type Item, type Pair, VolumeView } from './volumeView.ts';

/**
 * Works out how diverged replicas of a volume become equal, and what keeps them from it. Pure: nothing is read but
 * what is given, nothing is done. It takes time in proportion to the number of logged updates.
 *
 * What two replicas differ in is what their logs differ in. The rules:
 *
 * 1. *Names.* A name stands in a directory for an object. Whoever knows all that was done to it is right. If several
 *    replicas know what others do not, the name is as it was before they parted, but changed if one of them changed it:
 *    added and removed again is unchanged (presence.ts).
 * 2. *Objects.* An object comes to where a name of it comes, and goes with its last name. Contents and status come from
 *    a replica that knows all changes of them; *update/update* if there is none. If no update tells, the versions do.
 * 3. *Removal.* An object that is gone at a replica goes everywhere, unless somewhere it has what that replica did not
 *    know: other contents or status, another name, or names that came into the directory that it is.
 *    *remove/update*, and *rename/remove* for a name that a rename gave (objectRules.ts). The names of a file may be
 *    removed by several, if none changed it.
 * 4. *Renames.* A directory has one name, all names of a file are in one directory, and one name is not renamed to two:
 *    else *rename/rename*. Directories may not come to lie below themselves: *cycle*.
 * 5. *One name, two objects* is *name/name*.
 * 6. *What takes part in a conflict stays* at each replica as it is, and nothing else. But what depends on it stays too
 *    (settling.ts): nothing comes into a directory that did not come; an object does not lose its old name where it
 *    cannot have the new one; a directory is not removed where something stays in it
 *    (*remove/update*); a name that stays is not free (*name/name*). A directory whose names therefore differ is in
 *    conflict (*dependent*), since nobody could tell a reader which replica is right.
 * 7. *Learning.* A replica has an update if all that it did is there, or has been replaced. What led to a conflict is
 *    not learned, so that it is not forgotten for as long as the conflict lasts.
 *
 * A conflict of names is one of the directory, or of the nearest one above that is not gone anywhere.
 *
 * The plan may be carried out at each replica by itself, again, or in part: a merge of what came of it has the same end.
 * But `common` may only be forgotten when all replicas have done their steps: the logs are what tells what is missing.
 *
 * @param replicas two to eight, at different sites; others of the volume may be out of reach
 * @param resolution names the versions of directories in which updates from several sides come together
 */
export function merge(replicas: readonly Replica[], resolution: StoreId): MergePlan {
  const view = new VolumeView(replicas);
  const conflicts = new Conflicts();
  for (const pair of view.pairs) decidePresence(pair, view.everybody);
  const items = view.items;
  for (const item of items) judgeObject(item, conflicts);
  for (const item of items) judgeContents(item, conflicts);
  new Settling(view, conflicts).run();

  const learned = replicas.map((_, place) => learnedBy(view, place));
  const plans = replicas.map(({ site }, place) => ({
    site,
    steps: stepsOf(view, place),
    learned: (learned[place] ?? []).flatMap((update) => asLearned(view, place, update)),
  }));
  const knows = learned.map((updates) => new Set(updates));
  const isCommon = (update: (typeof learned)[number][number]) =>
    replicas.every((_, place) => has(update.known, place) || knows[place]?.has(update));
  return {
    replicas: plans,
    conflicts: conflicts.all,
    versions: versionsAfter(view, conflicts, resolution, touchedBy(plans.flatMap(({ steps }) => steps))),
    common: view.updates.filter(isCommon).map(({ storeId }) => storeId),
  };
}

/** The objects that logs are about: each replica is asked for those that it has, and for the directories above. */
export function objectsIn(logs: readonly (readonly LoggedUpdate[])[]): readonly Fid[] {
  const fids = new Map<string, Fid>();
  const note = (fid: Fid) => fids.set(formatFid(fid), fid);
  for (const log of logs)
    for (const { added, removed, made, gone, changed } of log) {
      for (const fid of [...made, ...gone, ...changed]) note(fid);
      for (const { directory, fid } of [...added, ...removed]) {
        note(directory);
        note(fid);
      }
    }
  return [...fids.values()];
}

/** The names that logs are about: each replica is asked what they stand for there. */
export function namesIn(
  logs: readonly (readonly LoggedUpdate[])[],
): readonly { readonly directory: Fid; readonly name: string }[] {
  const names = new Map<string, Pick<NamedFid, 'directory' | 'name'>>();
  for (const log of logs)
    for (const { added, removed } of log)
      for (const { directory, name } of [...added, ...removed])
        names.set(`${formatFid(directory)}/${name}`, { directory, name });
  return [...names.values()];
}

function touchedBy(steps: readonly MergeStep[]): ReadonlySet<string> {
  const touched = new Set<string>();
  for (const step of steps) {
    touched.add(formatFid(step.fid));
    if (step.step === 'enter' || step.step === 'leave') touched.add(formatFid(step.directory));
  }
  return touched;
}

function versionsAfter(
  view: VolumeView,
  conflicts: Conflicts,
  resolution: StoreId,
  touched: ReadonlySet<string>,
): MergePlan['versions'] {
  const isDecided = (item: Item) =>
    remaining(item, view.everybody) !== 0 &&
    !item.staysAsItIs &&
    !conflicts.has(item) &&
    !staysInconsistent(item) &&
    // Of a directory that is gone elsewhere, the conflict is further up; it must not look the same all the same.
    item.entries.every((pair) => isSame(pair));
  const isSame = (pair: Pair) => {
    const asked = remaining(pair.directory, view.everybody);
    const sides = finalSides(pair, view.everybody) & asked;
    return sides === 0 || sides === asked;
  };
  return view.items.filter(isDecided).flatMap((item) => {
    const versionVector = versionAfter(item, view, resolution, !touched.has(formatFid(item.fid)));
    return versionVector ? [{ fid: item.fid, versionVector }] : [];
  });
}
