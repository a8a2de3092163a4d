/** Something that may be thrown out: how much it is hoarded, and when it was used last. */
export interface Replaceable {
  /** Highest priority of the hoard entries that want it; 0 if none does. */
  hoardPriority: number;
  /** Number of the reference that was the last to it; 0 if there was none. */
  lastUse: number;
}

/** A place in a heap. It is of no interest any more when the order has another one for its item. */
interface Slot<Item> {
  readonly item: Item;
  key: number;
}

/**
 * What goes first when room is needed. Among things that are hoarded alike, the order of their priorities is that of
 * their last use; so there is a heap for each hoard priority, and the lowest of all is at the top of one of them. A use
 * costs nothing here: a heap finds out when the item comes to its top.
 */
export class ReplacementOrder<Item extends Replaceable> {
  readonly #priorityOf: (item: Item) => number;
  readonly #slots = new Map<Item, Slot<Item>>();
  readonly #heaps = new Map<number, Slot<Item>[]>();

  /** @param priorityOf must not fall when an item is used, nor when it is hoarded more */
  constructor(priorityOf: (item: Item) => number) {
    this.#priorityOf = priorityOf;
  }

  get size(): number {
    return this.#slots.size;
  }

  has(item: Item): boolean {
    return this.#slots.has(item);
  }

  /** Also to be called when the hoard priority of an item has changed, or its last use has been forgotten. */
  put(item: Item): void {
    const slot = { item, key: item.lastUse };
    this.#slots.set(item, slot);
    const heap = this.#heaps.get(item.hoardPriority) ?? [];
    this.#heaps.set(item.hoardPriority, heap);
    heap.push(slot);
    siftUp(heap, heap.length - 1);
    if (heap.length > 2 * this.#slots.size + SLACK) this.#compact(item.hoardPriority, heap);
  }

  remove(item: Item): void {
    this.#slots.delete(item);
  }

  /** Takes out the item with the lowest priority; of those with the same, the one that was used longest ago. */
  takeLowest(): Item | undefined {
    let lowest: { readonly item: Item; readonly priority: number; readonly heap: Slot<Item>[] } | undefined;
    for (const [hoardPriority, heap] of this.#heaps) {
      const top = this.#top(heap);
      if (!top) {
        this.#heaps.delete(hoardPriority);
        continue;
      }
      const { item } = top;
      const priority = this.#priorityOf(item);
      const isLower =
        !lowest ||
        priority < lowest.priority ||
        (priority === lowest.priority && item.lastUse < lowest.item.lastUse);
      if (isLower) lowest = { item, priority, heap };
    }
    if (!lowest) return undefined;
    pop(lowest.heap);
    this.#slots.delete(lowest.item);
    return lowest.item;
  }

  /** The first slot of a heap that counts, with its item where it belongs. */
  #top(heap: Slot<Item>[]): Slot<Item> | undefined {
    for (;;) {
      const [top] = heap;
      if (!top) return undefined;
      if (this.#slots.get(top.item) !== top) pop(heap);
      else if (top.key < top.item.lastUse) {
        top.key = top.item.lastUse;
        siftDown(heap, 0);
      } else return top;
    }
  }

  #compact(hoardPriority: number, heap: readonly Slot<Item>[]): void {
    const live = heap.filter((slot) => this.#slots.get(slot.item) === slot);
    live.sort((one, other) => one.key - other.key);
    this.#heaps.set(hoardPriority, live);
  }
}

/** Slots that do not count are left in a heap up to this many. */
const SLACK = 1024;

function pop<Item>(heap: Slot<Item>[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  siftDown(heap, 0);
}

function siftUp<Item>(heap: Slot<Item>[], from: number): void {
  for (let at = from; at > 0;) {
    const above = (at - 1) >> 1;
    if (!swapIfLess(heap, at, above)) return;
    at = above;
  }
}

function siftDown<Item>(heap: Slot<Item>[], from: number): void {
  for (let at = from; ;) {
    const [left, right] = [2 * at + 1, 2 * at + 2];
    const least = keyAt(heap, right) < keyAt(heap, left) ? right : left;
    if (!swapIfLess(heap, least, at)) return;
    at = least;
  }
}

function swapIfLess<Item>(heap: Slot<Item>[], one: number, other: number): boolean {
  const [first, second] = [heap[one], heap[other]];
  if (!first || !second || first.key >= second.key) return false;
  heap[one] = second;
  heap[other] = first;
  return true;
}

function keyAt<Item>(heap: readonly Slot<Item>[], at: number): number {
  return heap[at]?.key ?? Infinity;
}
