import type { WantedEvents } from '../../ipc/venus.ts';
import type { NewVenusEvent, VenusEvent } from '../../ipc/venusEvent.ts';
import type { EventHistory } from './eventHistory.ts';

/** Events of the past that a listener gets who does not say from when on. */
const RECENT = 1000;
/** Events that a reader may be behind before he is cut off. */
const MAX_BEHIND = 10_000;
/** What is of no interest afterwards, and would drive out what is. */
const PASSING: ReadonlySet<VenusEvent['kind']> = new Set([
  'fetchProgress',
  'storeProgress',
  'opened',
  'stored',
  'walkProgress',
]);

function isPassing(event: VenusEvent): boolean {
  return PASSING.has(event.kind) || (event.kind === 'evicted' && !event.isHoarded);
}

/** What happens in a client: the recent past is kept, and everybody who listens hears what follows. */
export class Events {
  readonly #now: () => number;
  readonly #history: EventHistory;
  readonly #listeners = new Set<(event: VenusEvent) => void>();

  constructor(history: EventHistory, now: () => number) {
    this.#history = history;
    this.#now = now;
  }

  report(event: NewVenusEvent): void {
    const timed = { time: this.#now(), ...event };
    if (!isPassing(timed)) this.#history.add(timed);
    for (const listener of this.#listeners) listener(timed);
  }

  /** Has a listener told of each event at once, until what it returns is called. */
  watch(listener: (event: VenusEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The past, then what comes, until `signal` ends it or the reader falls too far behind. */
  async *listen(signal: AbortSignal, wanted: WantedEvents = {}): AsyncGenerator<VenusEvent> {
    const { since, last = since === undefined ? RECENT : undefined, follow = true } = wanted;
    const past = this.#history.events(since, last);
    if (!follow) {
      yield* past;
      return;
    }
    const waiting: VenusEvent[] = [];
    let wake = () => {};
    const listener = (event: VenusEvent) => {
      // Nothing more is kept for a reader who will be cut off.
      if (waiting.length <= MAX_BEHIND) waiting.push(event);
      wake();
    };
    const stop = () => wake();
    this.#listeners.add(listener);
    signal.addEventListener('abort', stop);
    try {
      for (const event of past) {
        if (signal.aborted) return;
        yield event;
      }
      while (!signal.aborted && waiting.length <= MAX_BEHIND) {
        const next = waiting.shift();
        if (next) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
      signal.removeEventListener('abort', stop);
    }
  }
}

/** Tells of the progress of a transfer each time that its percentage changes. */
export function whenPercentChanges(
  tell: (done: number, length: number) => void,
): (done: number, length: number) => void {
  let told = 0;
  return (done, length) => {
    const percent = percentOf(done, length);
    if (percent !== told) tell(done, length);
    told = percent;
  };
}

function percentOf(done: number, length: number): number {
  return length === 0 ? 100 : Math.floor((done * 100) / length);
}
