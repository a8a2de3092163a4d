/** What a replica has to do to become what a merge came to. */
import type { MergeStep, Replica } from './mergePlan.ts';
import { finalSides, remaining } from './settling.ts';
import { has } from './sides.ts';
import { isCopiedTo, sourceOf } from './versions.ts';
import type { Item, VolumeView } from './volumeView.ts';

/**
 * The steps of one replica, in an order in which they can be done: objects are made before they are named, names are
 * left before they are given again, and what has no name any more is dropped, what is in a directory before the directory.
 */
export function stepsOf(view: VolumeView, place: number): readonly MergeStep[] {
  const [made, dropped]: [Item[], Item[]] = [[], []];
  const copies: MergeStep[] = [];
  for (const item of view.items) {
    const remains = has(remaining(item, view.everybody), place);
    const isThere = has(item.present, place);
    if (remains && !isThere) made.push(item);
    if (!remains && isThere) dropped.push(item);
    if (remains && isCopiedTo(item, place))
      copies.push({ step: 'copy', fid: item.fid, from: siteOf(view, sourceOf(item)) });
  }
  const makes = topDown(made, (item) =>
    item.names.find((pair) => has(finalSides(pair, view.everybody), place)),
  );
  const drops = topDown(dropped, (item) => item.names.find((pair) => has(pair.now, place))).reverse();
  return [
    ...makes.map((item) => ({
      step: 'make' as const,
      fid: item.fid,
      from: siteOf(view, sourceOf(item)),
    })),
    ...nameSteps(view, place),
    ...drops.map(({ fid }) => ({ step: 'drop' as const, fid })),
    ...copies,
  ];
}

function nameSteps({ pairs, everybody }: VolumeView, place: number): readonly MergeStep[] {
  const [leaves, enters]: [MergeStep[], MergeStep[]] = [[], []];
  for (const pair of pairs) {
    const [is, willBe] = [has(pair.now, place), has(finalSides(pair, everybody), place)];
    if (is && !willBe) leaves.push({ step: 'leave', ...pair.named });
    if (!is && willBe) enters.push({ step: 'enter', ...pair.named });
  }
  return [...leaves, ...enters];
}

/** Sorts objects so that each comes after the directory that it is in, if that is one of them. */
function topDown(items: readonly Item[], nameOf: (item: Item) => { directory: Item } | undefined): Item[] {
  const waiting = new Set(items);
  const sorted: Item[] = [];
  for (const item of items) {
    const below: Item[] = [];
    for (let each: Item | undefined = item; each && waiting.delete(each); each = nameOf(each)?.directory)
      below.push(each);
    sorted.push(...below.reverse());
  }
  return sorted;
}

function siteOf({ replicas }: { readonly replicas: readonly Replica[] }, place: number): number {
  return replicas[place]?.site ?? 0;
}
