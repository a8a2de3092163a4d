/** Which names should be there after a merge. */
import type { Effect, Pair } from './volumeView.ts';
import { has, placesIn } from './sides.ts';

/**
 * Decides for one name whether it should be there. A replica that knows all that the others did to the name is right.
 * Where several know what the others do not, a name that any of them changed since they parted is changed.
 */
export function decidePresence(pair: Pair, everybody: number): void {
  const { present, gone } = pair.directory;
  const asked = present | gone;
  const leaders = leadersOf(pair, everybody);
  pair.before = beforeParting(pair, leaders);
  pair.isEverywhere = pair.now !== 0 && (pair.now & asked) === asked;
  if (pair.now === 0 || pair.isEverywhere) {
    // Whatever the logs say, there is nothing to merge: a repair may have done it.
    pair.desired = pair.now !== 0;
  } else if (pair.effects.every((effects) => effects.length === 0)) {
    // No update explains the difference; it is no reason to give or take anything.
    pair.isFrozen = true;
    pair.desired = true;
  } else {
    const changed = pair.before ? leaders & ~pair.now : leaders & pair.now;
    pair.desired = pair.before !== (changed !== 0);
  }
}

/** The replicas that know most of what was done to a name: nobody knows all that they do and more. */
function leadersOf({ effects }: Pair, everybody: number): number {
  const wiser = effects.map((own) => own.reduce((sides, { update }) => sides & update.known, everybody));
  let leaders = 0;
  for (const [place, sides] of wiser.entries()) {
    const isEqualToAll = placesIn(sides).every((other) => has(wiser[other] ?? 0, place));
    if (isEqualToAll) leaders |= 1 << place;
  }
  return leaders;
}

/** Whether a name was there after all that the leaders have in common; if they all know the same, before any of it. */
function beforeParting({ effects, now }: Pair, leaders: number): boolean {
  const first = effects.find((own) => own.length > 0)?.[0];
  const initially = first ? !first.isAdded : now !== 0;
  if ((leaders & (leaders - 1)) === 0) return initially;
  const isCommon = ({ update }: Effect) => (update.known & leaders) === leaders;
  const own = placesIn(leaders).map((place) => effects[place] ?? []);
  const common = own.flatMap((each) => each.filter(isCommon));
  const firsts = own.flatMap((each) => each.find((effect) => !isCommon(effect)) ?? []);
  for (const effect of firsts) {
    // What came from a replica that lacks some of what is common was not done after it.
    const isAfterCommon = common.every(({ update }) => (effect.update.known & ~update.known) === 0);
    if (isAfterCommon) return !effect.isAdded;
  }
  if (firsts.length > 0) return common.at(-1)?.isAdded ?? false;
  return initially;
}
