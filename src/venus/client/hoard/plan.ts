import { HOARD_WEIGHT, objectPriority, recencyPriority } from '../../../hoard/priority.ts';
import type { Amount, HoardPlan, HoardReason, NewEntry, Victims } from '../../../ipc/hoard.ts';
import type { CacheManager } from '../cacheManager.ts';
import { type CachedObject, fidText } from '../cache/inventory.ts';
import { usablePart } from '../cache/replacement.ts';
import { entryText } from './entryText.ts';
import { Expansion } from './expansion.ts';
import type { StoredEntry } from './hoardDatabase.ts';
import { pathOf } from './hoardState.ts';
import { PlanView } from './planView.ts';
import type { SeenObject } from './view.ts';

export interface PlanRequest {
  readonly uid: number;
  readonly entries: readonly NewEntry[];
  /** As if there were no other entries of anybody. */
  readonly replace: boolean;
  readonly onProgress: (looked: Amount) => void;
  /** Aborted when nobody waits for the plan any more. */
  readonly stop: AbortSignal;
}

interface Wanted {
  readonly path: string;
  readonly bytes: number;
  readonly priority: number;
}

/** Of what is named in an answer, the first so many. */
const FIRST = 20;
/** Objects between two reports of how far it has come. */
const BATCH = 256;

/** What it would take to hoard entries, and what that would throw out. It changes nothing. */
export class HoardPlanning {
  readonly #client: CacheManager;
  readonly #request: PlanRequest;
  readonly #byPriority = new Map<number, { entries: number; looked: Tally; cached: Tally }>();
  /** Priorities of all that would be hoarded, by fid. */
  readonly #planned = new Map<string, number>();
  readonly #missing: Wanted[] = [];
  readonly #looked = new Tally();
  readonly #unknown: { path: string; reason: HoardReason }[] = [];
  #unknownCount = 0;

  constructor(client: CacheManager, request: PlanRequest) {
    this.#client = client;
    this.#request = request;
  }

  async run(): Promise<HoardPlan> {
    for (const entry of this.#entries()) {
      if (this.#request.stop.aborted) break;
      await this.#lookUp(entry);
    }
    const { capacity } = this.#client.files.room();
    const { evicted, unfit } = this.#place(capacity);
    const priorities = [...this.#byPriority].sort(([one], [other]) => other - one);
    return {
      priorities: priorities.map(([priority, { entries, looked, cached }]) => ({
        priority,
        entries,
        ...looked.amount,
        cached: cached.amount,
      })),
      evicted,
      unfit,
      unknown: { objects: this.#unknownCount, first: this.#unknown },
      capacity: { objects: finite(this.#client.tree.cache.inventory.capacity), bytes: finite(capacity) },
    };
  }

  /** The present entries with the new ones in their places, by falling priority. */
  #entries(): readonly StoredEntry[] {
    const { uid, entries, replace } = this.#request;
    const all = new Map<string, StoredEntry>();
    if (!replace) for (const entry of this.#client.hoard.entries.list()) all.set(entryText(entry), entry);
    for (const entry of entries) all.set(entryText(entry), { ...entry, uid });
    return [...all.values()].sort((one, other) => other.priority - one.priority);
  }

  async #lookUp(entry: StoredEntry): Promise<void> {
    const { priority, volume, uid } = entry;
    const sums = this.#byPriority.get(priority) ?? { entries: 0, looked: new Tally(), cached: new Tally() };
    this.#byPriority.set(priority, sums);
    sums.entries += 1;
    for await (const found of new Expansion(entry, new PlanView(this.#client, uid)).run()) {
      if (this.#request.stop.aborted) return;
      if (found.kind === 'failure') {
        this.#unknownCount += 1;
        const path = pathOf(this.#client, volume, found.name);
        if (this.#unknown.length < FIRST) this.#unknown.push({ path, reason: found.reason });
      } else if (!this.#planned.has(fidText(found.object.fid))) {
        const name = found.kind === 'object' ? found.name : entry.name;
        this.#count(found.object, priority, sums, () => pathOf(this.#client, volume, name));
      }
    }
  }

  #count(
    { fid, type, length }: SeenObject,
    priority: number,
    { looked, cached }: { readonly looked: Tally; readonly cached: Tally },
    path: () => string,
  ): void {
    this.#planned.set(fidText(fid), priority);
    const bytes = type === 'file' ? length : 0;
    looked.add(bytes);
    this.#looked.add(bytes);
    const { cache } = this.#client.tree;
    const vnode = cache.vnodes.find(fid);
    if (vnode && cache.hasContents(vnode)) cached.add(bytes);
    else if (bytes > 0) this.#missing.push({ path: path(), bytes, priority });
    if (this.#looked.objects % BATCH === 0) this.#request.onProgress(this.#looked.amount);
  }

  /** Puts what is missing into the room there is, as a walk would. */
  #place(capacity: number): { readonly evicted: Victims; readonly unfit: Victims } {
    const victims = this.#candidates();
    const evicted = new Listed();
    const unfit = new Listed();
    let used = this.#client.files.room().used;
    let isFull = false;
    let next = 0;
    for (const { path, bytes, priority } of this.#missing.sort(
      (one, other) => other.priority - one.priority,
    )) {
      const request = { priority: HOARD_WEIGHT * priority };
      const usable = usablePart(capacity, request);
      for (let victim = victims[next]; !isFull && used + bytes > usable; victim = victims[next]) {
        if (!victim || victim.priority >= request.priority || bytes > usable) break;
        next += 1;
        used -= victim.bytes;
        evicted.add({ ...victim, path: this.#pathOf(victim.object) });
      }
      if (!isFull && used + bytes <= usable) used += bytes;
      else {
        // A walk ends at the first that finds no room; what never does, it passes over.
        isFull ||= bytes <= capacity;
        unfit.add({ path, bytes, priority });
      }
    }
    return { evicted: evicted.victims, unfit: unfit.victims };
  }

  /** Contents that are here and may go, in the order in which they do. */
  #candidates() {
    const { replacement, inventory } = this.#client.tree.cache;
    const candidates = [];
    for (const object of inventory.all()) {
      const { contents, fid, lastUse } = object;
      if (contents === undefined || replacement.isPinned(fid)) continue;
      const recency = recencyPriority(inventory.spreadOf(lastUse));
      const priority = objectPriority(this.#planned.get(fidText(fid)) ?? 0, recency);
      candidates.push({ object, bytes: contents, priority });
    }
    return candidates.sort((one, other) => one.priority - other.priority);
  }

  #pathOf({ fid }: CachedObject): string {
    const inside = this.#client.tree.pathTo(fid);
    return pathOf(this.#client, fid.volume, inside === '' ? '.' : `./${inside}`);
  }
}

class Tally {
  objects = 0;
  bytes = 0;

  add(bytes: number): void {
    this.objects += 1;
    this.bytes += bytes;
  }

  get amount(): Amount {
    return { objects: this.objects, bytes: this.bytes };
  }
}

/** How much there is, and the first by name. */
export class Listed {
  readonly #sum = new Tally();
  readonly #first: { readonly path: string; readonly bytes: number; readonly priority: number }[] = [];

  add({ path, bytes, priority }: Wanted): void {
    this.#sum.add(bytes);
    if (this.#first.length < FIRST) this.#first.push({ path, bytes, priority });
  }

  get victims(): Victims {
    return { ...this.#sum.amount, first: this.#first };
  }
}

/** What has no bound is as large as a number can be. */
export function finite(bound: number): number {
  return Number.isFinite(bound) ? bound : Number.MAX_SAFE_INTEGER;
}
