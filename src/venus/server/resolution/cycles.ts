/** Directories that would come to lie below themselves. */
import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { has } from './sides.ts';
import type { Item, Pair, VolumeView } from './volumeView.ts';

/**
 * Finds the directories of which renames to other directories would make a circle at some replica: *cycle* where the
 * renames do not go together, *dependent* where they would, but one of them is withheld.
 * @param final the replicas that have a name after the merge
 */
export function findCycles(
  view: VolumeView,
  final: (pair: Pair) => number,
): ReadonlyMap<Item, 'cycle' | 'dependent'> {
  const moved = new Map<Item, 'cycle' | 'dependent'>();
  for (const place of view.replicas.keys()) {
    const walked = new Map<string, number>();
    let walk = 0;
    for (const item of view.items) {
      if (!item.isDirectory || !item.names.some((pair) => isMovedTo(pair, place, final))) continue;
      const circle = circleAbove(item, place, walked, ++walk);
      const isWithheld = circle.some(({ names }) =>
        names.some((pair) => has(final(pair), place) && !pair.desired),
      );
      for (const each of circle) if (isMovable(each)) moved.set(each, isWithheld ? 'dependent' : 'cycle');
    }
  }
  return moved;

  /** The circle that one runs into on the way up, of what came or went, if there is one that was not found before. */
  function circleAbove(
    item: Item,
    place: number,
    walked: Map<string, number>,
    walk: number,
  ): readonly Item[] {
    let fid: Fid | undefined = item.fid;
    while (fid && !walked.has(formatFid(fid))) {
      walked.set(formatFid(fid), walk);
      fid = above(fid, place);
    }
    if (!fid || walked.get(formatFid(fid)) !== walk) return [];
    const circle: Item[] = [];
    const first = formatFid(fid);
    do {
      const each: Item | undefined = view.known(fid);
      if (each) circle.push(each);
      fid = above(fid, place);
    } while (fid && formatFid(fid) !== first);
    return circle;
  }

  function above(fid: Fid, place: number): Fid | undefined {
    const item = view.known(fid);
    const name = item?.names.find((pair) => has(final(pair), place));
    if (name) return name.directory.fid;
    return item ? item.objects[place]?.parent : view.replicas[place]?.object(fid)?.parent;
  }
}

function isMovedTo(pair: Pair, place: number, final: (pair: Pair) => number): boolean {
  return has(final(pair) & ~pair.now, place);
}

/** Whether some replica has it in another directory than others, and it is not settled already that it stays so. */
function isMovable({ names }: Item): boolean {
  const directories = new Set(names.filter(({ now }) => now !== 0).map(({ directory }) => directory));
  return directories.size > 1 && names.some(({ isFrozen }) => !isFrozen);
}
