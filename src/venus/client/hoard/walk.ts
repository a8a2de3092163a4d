import type { Fid } from '../../../ipc/fid.ts';
import type { Amount, HoardReason, HoardWalk, WalkProgress } from '../../../ipc/hoard.ts';
import type { FileType } from '../../../ipc/venus.ts';
import type { CacheManager } from '../cacheManager.ts';
import { type HoardBinding, fidText } from '../cache/inventory.ts';
import { bindAnew } from './bindings.ts';
import { FetchingView } from './cacheView.ts';
import { Expansion, type Found } from './expansion.ts';
import type { HoardDatabase, StoredEntry } from './hoardDatabase.ts';
import { entryText } from './entryText.ts';
import { reasonOf } from './view.ts';

export interface WalkOptions {
  readonly client: CacheManager;
  readonly entries: HoardDatabase;
  readonly isPeriodic: boolean;
  /** Aborted when it is to end before it is done. */
  readonly stop: AbortSignal;
  readonly failures: Failures;
  /** How much was hoarded when the last walk ended. */
  readonly expected: number;
  /** Counts the callbacks that have broken what is hoarded. */
  readonly broken: () => number;
  readonly onProgress: (progress: WalkProgress) => void;
}

/** Why things are not here, as the last walk found it. */
export interface Failures {
  /** Of objects that could not be fetched, by fid. */
  readonly objects: Map<
    string,
    { readonly reason: HoardReason; readonly why: string; readonly since: number }
  >;
  /** Entries that a walk has looked up. */
  readonly walked: Set<string>;
}

/** Files fetched at once. */
const IN_FLIGHT = 16;
/** Times that entries are looked up in one walk, as long as callbacks come in between. */
const ROUNDS = 5;
const NO_ROOM = 'The cache is full of what is hoarded more, used more, or not on the servers yet.';
/** Objects bound in one transaction. */
const BATCH = 256;

/**
 * One walk (spec/hoard.md, 9): looks up all that the entries name and expand to, then fetches the contents that are not
 * here. What it has fetched stays, whatever ends it; the next one finds it and goes on.
 */
export class Walk {
  readonly #options: WalkOptions;
  readonly #began: number;
  readonly #done = { objects: 0, bytes: 0 };
  #left: Amount = { objects: 0, bytes: 0 };
  #phase: WalkProgress['phase'] = 'status';
  readonly #fetched = { objects: 0, bytes: 0 };
  #unfetched: Amount = { objects: 0, bytes: 0 };
  /** Whether something found no room. */
  #isFull = false;
  /** Whether contents have found no room while others came; the highest priority of those that found none by themselves. */
  #isTight = false;
  #refused = -1;
  readonly #inFlight = new Set<Promise<unknown>>();
  #turn: Promise<unknown> = Promise.resolve();
  #isUnreachable = false;
  /** What is still to be bound. */
  readonly #unbound = new Map<string, { readonly fid: Fid; readonly binding: HoardBinding }>();

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#began = options.client.now();
  }

  get progress(): WalkProgress {
    return { phase: this.#phase, left: this.#left, done: { ...this.#done } };
  }

  async run(): Promise<HoardWalk> {
    const { client, isPeriodic, entries } = this.#options;
    await this.#statusWalk();
    // What no entry leads to any more makes room.
    if (!this.#isStopped()) await bindAnew(client, entries);
    await this.#dataWalk();
    return {
      isPeriodic,
      began: this.#began,
      ended: client.now(),
      result: this.#result(),
      fetched: this.#fetched,
      unfetched: this.#unfetched,
    };
  }

  #result(): HoardWalk['result'] {
    if (this.#isStopped()) return 'interrupted';
    if (this.#isFull) return 'no room';
    return this.#isUnreachable ? 'unreachable' : 'done';
  }

  #isStopped(): boolean {
    return this.#options.stop.aborted;
  }

  async #statusWalk(): Promise<void> {
    const { entries, failures, broken } = this.#options;
    for (let round = 0; round < ROUNDS && !this.#isStopped(); round++) {
      const before = broken();
      failures.objects.clear();
      this.#done.objects = 0;
      for (const entry of entries.byPriority()) {
        if (this.#isStopped()) break;
        await this.#lookUp(entry);
      }
      await this.#bind();
      if (broken() === before) return;
    }
  }

  async #lookUp(entry: StoredEntry): Promise<void> {
    const { client, failures } = this.#options;
    const view = new FetchingView(client, entry.uid, entry.priority);
    for await (const found of new Expansion(entry, view).run()) {
      if (this.#isStopped()) return;
      if (found.kind === 'failure') this.#noteFailure(found);
      else await this.#want(found.object.fid, entry);
    }
    failures.walked.add(entryText(entry));
  }

  async #want(fid: Fid, { priority, uid }: StoredEntry): Promise<void> {
    const { client, expected, onProgress } = this.#options;
    const { inventory } = client.tree.cache;
    const id = fidText(fid);
    const binding = { priority, uid };
    const known = this.#unbound.get(id)?.binding ?? inventory.bindingOf(fid);
    // An entry with a lower priority, or one that has gone, may have bound it before: then the walk's end sees to that.
    if (!known || known.priority < priority) this.#unbound.set(id, { fid, binding });
    if (this.#unbound.size >= BATCH) await this.#bind();
    this.#done.objects += 1;
    this.#left = { objects: Math.max(0, expected - this.#done.objects), bytes: 0 };
    if (this.#done.objects % BATCH !== 0) return;
    onProgress(this.progress);
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #bind(): Promise<void> {
    const bound = [...this.#unbound.values()];
    if (bound.length === 0) return;
    this.#unbound.clear();
    await this.#options.client.tree.cache.bind(bound);
  }

  #noteFailure({ fid, reason, why }: Extract<Found, { kind: 'failure' }>): void {
    const { failures, client } = this.#options;
    if (reason === 'no room') this.#isFull = true;
    if (reason === 'unreachable') this.#isUnreachable = true;
    if (fid) failures.objects.set(fidText(fid), { reason, why, since: client.now() });
  }

  async #dataWalk(): Promise<void> {
    this.#phase = 'data';
    const wanted = this.#withoutContents();
    let [next, left, bytes] = [0, wanted.length, bytesOf(wanted)];
    Object.assign(this.#done, { objects: 0, bytes: 0 });
    const tell = () => {
      this.#left = { objects: left, bytes };
      this.#options.onProgress(this.progress);
    };
    tell();
    const work = async () => {
      for (let object = wanted[next++]; object; object = wanted[next++]) {
        if (this.#isStopped()) return;
        if (!(await this.#bring(object))) continue;
        [left, bytes] = [left - 1, bytes - object.length];
        tell();
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    this.#unfetched = this.#tellOfRest();
  }

  /**
   * Fetches an object, with others at once as long as there is room. What those fill cannot be thrown out before they are
   * done: so from the first that finds no room on, one comes after another.
   */
  async #bring(object: WantedObject): Promise<boolean> {
    if (!this.#isTight) {
      const fetch = this.#fetch(object);
      this.#inFlight.add(fetch);
      const end = await fetch.finally(() => this.#inFlight.delete(fetch));
      if (end !== 'no room') return end === 'done';
      this.#isTight = true;
    }
    const turn = this.#turn.then(async () => {
      await Promise.all(this.#inFlight);
      // Where one found no room, none that is less wanted does.
      if (this.#isStopped() || object.priority <= this.#refused) return false;
      const end = await this.#fetch(object);
      if (end === 'no room') this.#refused = Math.max(this.#refused, object.priority);
      return end === 'done';
    });
    this.#turn = turn;
    return turn;
  }

  /** @returns how much is hoarded and did not come */
  #tellOfRest(): Amount {
    const rest = this.#withoutContents();
    const { failures, client } = this.#options;
    for (const { fid } of rest) {
      if (!this.#isTight || failures.objects.has(fidText(fid))) continue;
      this.#isFull = true;
      failures.objects.set(fidText(fid), { reason: 'no room', why: NO_ROOM, since: client.now() });
    }
    return { objects: rest.length, bytes: bytesOf(rest) };
  }

  /** What is hoarded and whose contents are not here, by falling priority. */
  #withoutContents(): readonly WantedObject[] {
    const { cache } = this.#options.client.tree;
    const wanted: WantedObject[] = [];
    for (const object of cache.inventory.all()) {
      if (object.hoardPriority === 0 || object.contents !== undefined) continue;
      const vnode = cache.vnodes.find(object.fid);
      if (!vnode || cache.hasContents(vnode)) continue;
      const length = vnode.type === 'file' ? vnode.length : 0;
      wanted.push({ fid: vnode.fid, type: vnode.type, length, priority: cache.inventory.priorityOf(object) });
    }
    return wanted.sort((one, other) => other.priority - one.priority);
  }

  async #fetch({ fid, type, length }: WantedObject): Promise<'done' | 'no room' | 'failed'> {
    const { client, failures } = this.#options;
    const binding = client.tree.cache.inventory.bindingOf(fid);
    if (!binding) return 'failed';
    const note = (reason: HoardReason, why: string) =>
      failures.objects.set(fidText(fid), { reason, why, since: client.now() });
    const { capacity } = client.files.room();
    if (length > capacity) {
      note('too large', `It has ${length} bytes, the cache ${capacity}.`);
      return 'failed';
    }
    const { asker } = new FetchingView(client, binding.uid, binding.priority);
    try {
      if (type === 'directory') await client.tree.cache.directory(asker, fid);
      const bytes = type === 'file' ? await client.files.provide(asker, fid) : 0;
      this.#done.objects += 1;
      this.#done.bytes += length;
      if (bytes > 0) this.#fetched.objects += 1;
      this.#fetched.bytes += bytes;
      return 'done';
    } catch (error) {
      const reason = reasonOf(error);
      if (reason === 'no room') return 'no room';
      if (reason === 'unreachable') this.#isUnreachable = true;
      note(reason, error instanceof Error ? error.message : '');
      return 'failed';
    }
  }
}

interface WantedObject {
  readonly fid: Fid;
  readonly type: FileType;
  /** Bytes of a file. */
  readonly length: number;
  readonly priority: number;
}

function bytesOf(objects: readonly WantedObject[]): number {
  return objects.reduce((sum, { length }) => sum + length, 0);
}
