import { HOARD_WEIGHT, MARGINAL_PRIORITY, REQUEST_PRIORITY, RESERVED_PART } from '../../../hoard/priority.ts';
import { errno } from '../../../ipc/errno.ts';
import { VenusError } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { type CachedObject, type Inventory, fidText } from './inventory.ts';
import type { ReplacementOrder } from './replacementOrder.ts';

export interface ReplacementOptions {
  readonly inventory: Inventory;
  /** Whether changes of an object wait in a modify log. */
  readonly isDirty: (fid: Fid) => boolean;
  /** Objects that lead to others that are here, and stay as long as those: by their fids. */
  readonly ways: () => ReadonlySet<string>;
  /** Forgets objects, but not those that have become needed meanwhile. */
  readonly forget: (fids: readonly Fid[]) => Promise<void>;
  /** Throws out the contents of a file. */
  readonly empty: (fid: Fid) => Promise<void>;
  /** Told of what goes, before it does. */
  readonly onReplace: (object: CachedObject, what: 'object' | 'contents') => void;
}

/** Somebody who needs room. */
export interface RoomRequest {
  /** Only what has less is thrown out for it. */
  readonly priority: number;
}

/** For what is changed here: everything that is not itself changed goes before it. */
export const CHANGE: RoomRequest = { priority: Infinity };

/** @param hoard priority of the hoard entry that something is asked for; none for what a person asks */
export function roomFor(hoard: number | undefined): RoomRequest {
  return { priority: hoard === undefined ? REQUEST_PRIORITY : HOARD_WEIGHT * hoard };
}

/** What may be used of a capacity: a part of it is kept for what is more than marginal (spec/hoard.md, 10). */
export function usablePart(capacity: number, { priority }: RoomRequest): number {
  return priority < MARGINAL_PRIORITY && Number.isFinite(capacity)
    ? capacity - Math.floor(capacity * RESERVED_PART)
    : capacity;
}

/** Objects thrown out at a time, beyond those for which room is needed. */
const [BATCH, BATCH_PART] = [256, 32];

/**
 * Throws out of the cache what has the lowest priority, until there is room. What is changed here, open or in use stays,
 * and so does a directory as long as something in it is here, or the link by which a volume is mounted.
 */
export class Replacement {
  readonly #options: ReplacementOptions;
  readonly #open = new Map<string, number>();
  /** Objects for which room has been made, and that have not come yet. */
  #coming = 0;
  /** One throws out at a time: what one has chosen, nobody else chooses. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ReplacementOptions) {
    this.#options = options;
  }

  /** A file is being read. @returns what says that it is not any more */
  hold(fid: Fid): () => void {
    const id = fidText(fid);
    this.#open.set(id, (this.#open.get(id) ?? 0) + 1);
    return () => {
      const left = (this.#open.get(id) ?? 1) - 1;
      if (left === 0) this.#open.delete(id);
      else this.#open.set(id, left);
    };
  }

  isOpen(fid: Fid): boolean {
    return this.#open.has(fidText(fid));
  }

  /**
   * Makes room for objects that are to come.
   * @returns what is to be called when they have come, or will not
   * @throws VenusError ENOSPC
   */
  async admit(count: number, request: RoomRequest): Promise<() => void> {
    if (count === 0) return () => undefined;
    this.#coming += count;
    const release = () => {
      this.#coming -= count;
    };
    if (this.#excess(request) <= 0) return release;
    await this.#inTurn(() => this.#forgetObjects(request));
    if (this.#excess(request) <= 0) return release;
    release();
    throw new VenusError(errno('ENOSPC'), {
      why: `What must not be thrown out fills the cache of ${this.#options.inventory.capacity} objects.`,
      next: 'See what fills it: cfs listcache, hoard list. To give it more: coda up --cache-objects',
    });
  }

  /**
   * Throws out contents until there is enough room, or nothing is left that may go.
   * @param spared a file whose contents stay
   */
  async makeRoom(isEnough: () => boolean, request: RoomRequest, spared?: Fid): Promise<void> {
    if (isEnough()) return;
    const { inventory, empty, onReplace } = this.#options;
    await this.#inTurn(async () => {
      const kept: CachedObject[] = [];
      while (!isEnough()) {
        const object = this.#takeBelow(inventory.contents, request);
        if (!object) break;
        const isSpared = spared !== undefined && fidText(spared) === fidText(object.fid);
        if (isSpared || this.isPinned(object.fid)) kept.push(object);
        else {
          onReplace(object, 'contents');
          await empty(object.fid);
          kept.push(object);
        }
      }
      for (const object of kept) this.#putBack(inventory.contents, object);
    });
  }

  /** Whether an object stays whatever its priority is. */
  isPinned(fid: Fid): boolean {
    return this.isOpen(fid) || this.#options.isDirty(fid);
  }

  #excess(request: RoomRequest): number {
    const { inventory } = this.#options;
    return inventory.size + this.#coming - usablePart(inventory.capacity, request);
  }

  async #forgetObjects(request: RoomRequest): Promise<void> {
    const { inventory, forget, onReplace } = this.#options;
    const excess = this.#excess(request);
    if (excess <= 0) return;
    const { chosen, kept } = this.#choose(request, excess + Math.min(BATCH, inventory.capacity / BATCH_PART));
    for (const object of chosen) onReplace(object, 'object');
    await forget(chosen.map(({ fid }) => fid));
    for (const object of [...chosen, ...kept]) this.#putBack(inventory.objects, object);
  }

  /** Takes the first objects out of the order: those to be forgotten, and those that cannot be. */
  #choose(request: RoomRequest, count: number) {
    const { inventory } = this.#options;
    const chosen: CachedObject[] = [];
    const kept = new Set<CachedObject>();
    const chosenIn = new Map<CachedObject, number>();
    const ways = this.#options.ways();
    while (chosen.length < count) {
      const object = this.#takeBelow(inventory.objects, request);
      if (!object) break;
      const isAbove = inventory.childrenOf(object.fid) > (chosenIn.get(object) ?? 0);
      const isWay = ways.has(fidText(object.fid));
      if (isAbove || isWay || this.isPinned(object.fid) || inventory.isInUse(object)) {
        kept.add(object);
        continue;
      }
      chosen.push(object);
      const parent = inventory.parentOf(object);
      if (!parent) continue;
      chosenIn.set(parent, (chosenIn.get(parent) ?? 0) + 1);
      // Nothing may be in it any more, so that it is looked at again.
      if (kept.delete(parent)) inventory.objects.put(parent);
    }
    return { chosen, kept };
  }

  #takeBelow(order: ReplacementOrder<CachedObject>, { priority }: RoomRequest): CachedObject | undefined {
    const object = order.takeLowest();
    if (!object || this.#options.inventory.priorityOf(object) < priority) return object;
    order.put(object);
    return undefined;
  }

  #putBack(order: ReplacementOrder<CachedObject>, object: CachedObject): void {
    const { inventory } = this.#options;
    const isStillHere = inventory.find(object.fid) === object;
    if (isStillHere && (order === inventory.objects || object.contents !== undefined)) order.put(object);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
