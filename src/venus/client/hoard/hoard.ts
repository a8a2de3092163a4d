import type { Fid } from '../../../ipc/fid.ts';
import type { HoardReason, HoardWalk, WalkProgress } from '../../../ipc/hoard.ts';
import type { HoardName } from '../../../ipc/hoardName.ts';
import { logFault } from '../../log.ts';
import type { Database, Table } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import type { CacheManager } from '../cacheManager.ts';
import { fidText } from '../cache/inventory.ts';
import { bindAnew } from './bindings.ts';
import { entryText } from './entryText.ts';
import { HoardDatabase, type StoredEntry } from './hoardDatabase.ts';
import { type Failures, Walk } from './walk.ts';

export interface HoardOptions {
  readonly client: CacheManager;
  readonly database: Database;
  /** The local user whose venus it is. */
  readonly owner: number | undefined;
  /** Entries that the database takes. */
  readonly limit: number;
}

/** Somebody who wants a walk. */
export interface WalkRequest {
  /** Aborted when he does not wait any more: his walk ends then. */
  readonly gone?: AbortSignal | undefined;
  readonly onProgress?: (progress: WalkProgress) => void;
}

/** Milliseconds between two looks whether a periodic walk is due, and between two of those (spec/hoard.md, 9). */
export const WAKE = 300_000;
export const INTERVAL = 600_000;
/** Milliseconds from a change of the entries until the objects that are here follow it. */
const LAZINESS = 300;
/** Milliseconds between two events that tell how far a walk has come. */
const TELL = 200;
const INTERRUPTED_AT = key(0);

/** What users want to have here, and the walks that bring it. */
export class Hoard {
  readonly entries: HoardDatabase;
  readonly #client: CacheManager;
  readonly #database: Database;
  /** That a periodic walk is under way, for the next process if this one does not end it. */
  readonly #underWay: Table<true>;
  readonly #failures: Failures = { objects: new Map(), walked: new Set() };
  /** Hoarded objects of which the servers have told a change. */
  readonly #changed = new Set<string>();
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #binding: NodeJS.Timeout | undefined;
  #broken = 0;
  #expected = 0;
  #lastPeriodic: number;
  /** Whether it walks by itself, until the next start. */
  isPeriodic = true;
  #running: Walk | undefined;
  #last: HoardWalk | undefined;
  /** Walks and bindings come one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ client, database, owner, limit }: HoardOptions) {
    this.#client = client;
    this.#database = database;
    const onChange = (names: readonly HoardName[]) => {
      for (const name of names) this.#failures.walked.delete(entryText(name));
      this.#bindLater();
    };
    const { name: realm } = client.realm;
    this.entries = new HoardDatabase({ database, realm, owner, limit, onChange });
    this.#underWay = database.table('hoardWalk');
    const goesOn = this.#underWay.get(INTERRUPTED_AT) === true;
    this.#lastPeriodic = goesOn ? -Infinity : client.now();
    this.#timer = setInterval(() => this.wake(), WAKE).unref();
    if (goesOn) setTimeout(() => this.wake(), LAZINESS).unref();
  }

  get running(): WalkProgress | undefined {
    return this.#running?.progress;
  }

  get lastWalk(): HoardWalk | undefined {
    return this.#last;
  }

  /** When it walks by itself next, milliseconds since 1970. */
  get nextWalk(): number | undefined {
    return this.isPeriodic ? Math.max(this.#lastPeriodic + INTERVAL, this.#client.now()) : undefined;
  }

  /** Why an object is not here, as the last walk found it. */
  failureOf(
    fid: Fid,
  ): { readonly reason: HoardReason; readonly why: string; readonly since: number } | undefined {
    return this.#failures.objects.get(fidText(fid));
  }

  /** Whether a walk has looked up an entry since it was added or venus was started. */
  wasWalked(entry: StoredEntry): boolean {
    return this.#failures.walked.has(entryText(entry));
  }

  /** Whether the servers have told of a change of a hoarded object that has not been fetched since. */
  hasChanged(fid: Fid): boolean {
    return this.#changed.has(fidText(fid)) && !this.#client.tree.cache.validity.isValid(fid);
  }

  /** The servers have told of changes. */
  noteBroken(fids: readonly Fid[]): void {
    for (const fid of fids) {
      if ((this.#client.tree.cache.inventory.find(fid)?.hoardPriority ?? 0) === 0) continue;
      this.#broken += 1;
      this.#changed.add(fidText(fid));
    }
  }

  /** Looks whether a periodic walk is due. */
  wake(): void {
    if (!this.isPeriodic || this.#stop.signal.aborted || this.entries.count === 0) return;
    if (this.#client.now() - this.#lastPeriodic < INTERVAL) return;
    this.#lastPeriodic = this.#client.now();
    this.#walkInTurn(true, {}).catch((error: unknown) => logFault('hoard walk', error));
  }

  /** Walks, after what is under way. */
  walk(request: WalkRequest): Promise<HoardWalk> {
    return this.#walkInTurn(false, request);
  }

  /** Resolves when the objects that are here are as much hoarded as the entries say; not while a walk is under way. */
  async settled(): Promise<void> {
    if (this.#running || this.#binding === undefined) return;
    clearTimeout(this.#binding);
    await this.#bindInTurn();
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#binding);
    this.#binding = undefined;
    this.#stop.abort();
    await this.#turn;
  }

  #bindLater(): void {
    if (this.#stop.signal.aborted) return;
    this.#binding ??= setTimeout(() => {
      this.#bindInTurn().catch((error: unknown) => logFault('hoard', error));
    }, LAZINESS).unref();
  }

  #bindInTurn(): Promise<void> {
    this.#binding = undefined;
    return this.#inTurn(async () => {
      if (!this.#stop.signal.aborted) await bindAnew(this.#client, this.entries);
    });
  }

  #walkInTurn(isPeriodic: boolean, { gone, onProgress }: WalkRequest): Promise<HoardWalk> {
    const stop = AbortSignal.any([this.#stop.signal, ...(gone ? [gone] : [])]);
    return this.#inTurn(async () => {
      const { events } = this.#client;
      const tell = atIntervals((progress: WalkProgress) => events.report({ kind: 'walkProgress', progress }));
      const walk = new Walk({
        client: this.#client,
        entries: this.entries,
        isPeriodic,
        stop,
        failures: this.#failures,
        expected: this.#expected,
        broken: () => this.#broken,
        onProgress: (progress) => {
          tell(progress);
          onProgress?.(progress);
        },
      });
      this.#running = walk;
      events.report({ kind: 'walkBegins', isPeriodic });
      if (isPeriodic) await this.#noteUnderWay(true);
      try {
        this.#last = await walk.run();
        this.#expected = this.#forgetChanges();
        events.report({ kind: 'walkEnds', walk: this.#last });
        // One that venus ends in the middle goes on when it is started again.
        if (isPeriodic && !this.#stop.signal.aborted) await this.#noteUnderWay(false);
        return this.#last;
      } finally {
        this.#running = undefined;
      }
    });
  }

  /** @returns how much is hoarded */
  #forgetChanges(): number {
    const { validity, inventory } = this.#client.tree.cache;
    let hoarded = 0;
    for (const { fid } of inventory.bindings()) {
      hoarded += 1;
      if (validity.isValid(fid)) this.#changed.delete(fidText(fid));
    }
    return hoarded;
  }

  async #noteUnderWay(isUnderWay: boolean): Promise<void> {
    await this.#database.transaction((writer) => {
      if (isUnderWay) writer.put(this.#underWay, INTERRUPTED_AT, true);
      else writer.remove(this.#underWay, INTERRUPTED_AT);
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** Passes on what comes first, and then not more than one in a while. */
function atIntervals<Value>(tell: (value: Value) => void): (value: Value) => void {
  let last = -Infinity;
  return (value) => {
    if (performance.now() - last < TELL) return;
    last = performance.now();
    tell(value);
  };
}
