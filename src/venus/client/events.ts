import type { VenusEvent } from '../../ipc/venus.ts';

const HISTORY = 1000;
/** Events that a reader may be behind before he is cut off. */
const MAX_BEHIND = 10_000;

/** What happens in a client: the recent past is kept, and everybody who listens hears what follows. */
export class Events {
  readonly #now: () => number;
  readonly #history: VenusEvent[] = [];
  readonly #listeners = new Set<(event: VenusEvent) => void>();

  constructor(now: () => number) {
    this.#now = now;
  }

  report(event: Omit<VenusEvent, 'time'>): void {
    const timed = { time: this.#now(), ...event };
    this.#history.push(timed);
    if (this.#history.length > HISTORY) this.#history.shift();
    for (const listener of this.#listeners) listener(timed);
  }

  /** The past, then what comes, until `signal` ends it or the reader falls too far behind. */
  async *listen(signal: AbortSignal): AsyncGenerator<VenusEvent> {
    const waiting = [...this.#history];
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
