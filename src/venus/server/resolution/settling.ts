/** What has to stay as it is since something else does. */
import type { Conflicts } from './conflicts.ts';
import { findCycles } from './cycles.ts';
import { freeze, isByRename, judgeContents } from './objectRules.ts';
import type { Item, Pair, Slot, VolumeView } from './volumeView.ts';

/** Replicas that have a name after the merge. */
export function finalSides({ isFrozen, withheld, now, desired }: Pair, everybody: number): number {
  const kept = isFrozen ? everybody : withheld;
  return (now & kept) | (desired ? everybody & ~kept : 0);
}

/** Replicas that have an object after the merge. */
export function remaining(item: Item, everybody: number): number {
  if (item.names.length === 0) return item.present;
  const named = item.names.reduce((sides, pair) => sides | finalSides(pair, everybody), 0);
  return item.dies ? item.present & named : item.present | named;
}

/** Withholds names until what remains fits together at every replica. Names are only ever withheld, so that it ends. */
export class Settling {
  readonly #view: VolumeView;
  readonly #everybody: number;
  readonly #conflicts: Conflicts;
  readonly #items = new Set<Item>();
  readonly #slots = new Set<Slot>();

  constructor(view: VolumeView, conflicts: Conflicts) {
    this.#view = view;
    this.#everybody = view.everybody;
    this.#conflicts = conflicts;
  }

  run(): void {
    for (const item of this.#view.items) this.#items.add(item);
    for (const slot of this.#view.slots) this.#slots.add(slot);
    do this.#settle();
    while (this.#breakCycles());
    this.#noteDependents();
  }

  #settle(): void {
    while (this.#items.size > 0 || this.#slots.size > 0) {
      for (const item of this.#items) {
        this.#items.delete(item);
        this.#withholdInside(item);
        this.#withholdNames(item);
        this.#keepNonEmpty(item);
      }
      for (const slot of this.#slots) {
        this.#slots.delete(slot);
        this.#keepNameFree(slot);
      }
    }
  }

  /** Nothing comes into a directory where that is not. */
  #withholdInside(item: Item): void {
    const exists = remaining(item, this.#everybody);
    for (const pair of item.entries) this.#withhold(pair, this.#final(pair) & ~pair.now & ~exists);
  }

  /** An object keeps its old name where the new one cannot come: it would be lost. A rename is done whole or not at all. */
  #withholdNames(item: Item): void {
    if (item.dies) return;
    let [missing, staying, named] = [0, 0, 0];
    for (const pair of item.names) {
      const final = this.#final(pair);
      named |= final;
      if (pair.desired) missing |= this.#everybody & ~final;
      else staying |= final;
    }
    const isOne = item.isDirectory || item.names.some(isByRename);
    const nameless = missing & ~named;
    const kept = isOne ? missing : nameless && nameless & item.withoutOtherNames;
    for (const pair of item.names) {
      if (!pair.desired) this.#withhold(pair, kept & pair.now);
      else if (isOne) this.#withhold(pair, staying & ~pair.now);
    }
  }

  /** A directory in which something stays does not go. */
  #keepNonEmpty(item: Item): void {
    if (!item.dies || !item.isDirectory) return;
    const filled = item.entries.reduce((sides, pair) => sides | this.#final(pair), 0);
    const leaving = item.names.filter((pair) => (pair.now & ~this.#final(pair) & filled) !== 0);
    if (leaving.length === 0) return;
    item.isHeld = true;
    item.dies = false;
    judgeContents(item, this.#conflicts);
    freeze(item, 'remove/update', this.#conflicts);
    for (const pair of item.names) this.#changed(pair);
  }

  /** One name stands for one object; a name that had to stay is not free. */
  #keepNameFree({ pairs }: Slot): void {
    if (pairs.length < 2) return;
    let [once, twice] = [0, 0];
    for (const pair of pairs) {
      const final = this.#final(pair);
      twice |= once & final;
      once |= final;
    }
    if (twice === 0) return;
    for (const pair of pairs) {
      if ((this.#final(pair) & twice) === 0) continue;
      this.#conflicts.ofName('name/name', pair);
      pair.isFrozen = true;
      this.#changed(pair);
    }
  }

  #breakCycles(): boolean {
    const moved = findCycles(this.#view, (pair) => this.#final(pair));
    for (const [item, kind] of moved) {
      freeze(item, kind, this.#conflicts);
      for (const pair of item.names) this.#changed(pair);
    }
    return moved.size > 0;
  }

  #withhold(pair: Pair, sides: number): void {
    const before = this.#final(pair);
    pair.withheld |= sides;
    if (this.#final(pair) !== before) this.#changed(pair);
  }

  #changed(pair: Pair): void {
    this.#items.add(pair.item);
    this.#items.add(pair.directory);
    this.#slots.add(pair.slot);
  }

  /** A directory whose names cannot become the same everywhere is in conflict, for whatever reason. */
  #noteDependents(): void {
    for (const pair of this.#view.pairs) {
      const final = this.#final(pair);
      const asked = remaining(pair.directory, this.#everybody);
      if ((final & asked) !== (pair.desired ? asked : 0)) this.#conflicts.ofDependent(pair);
    }
  }

  #final(pair: Pair): number {
    return finalSides(pair, this.#everybody);
  }
}
