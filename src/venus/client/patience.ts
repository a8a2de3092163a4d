import { monotonicTime } from '../../ipc/timeLimit.ts';

/** Milliseconds that somebody waits who does not say how long. */
const DEFAULT = 50_000;
/** What is left of a tool's time for the answer to reach it: a part of it, within bounds, in milliseconds. */
const [PART_FOR_ANSWER, LEAST_FOR_ANSWER, MOST_FOR_ANSWER] = [0.2, 50, 1000];

/**
 * How long one request may wait for others: for somebody else's log, for a shorter one, for servers. It counts from
 * when the request first has to wait, and ends at once when nobody is there any more to be answered.
 */
export class Patience {
  readonly gone: AbortSignal | undefined;
  readonly #milliseconds: number;
  #deadline: number | undefined;

  /**
   * @param timeLimit milliseconds after which the tool gives up, if it says; it is answered a little before
   * @param gone aborted when the one who asked has gone
   */
  constructor(timeLimit?: number, gone?: AbortSignal) {
    const forAnswer = Math.min(
      MOST_FOR_ANSWER,
      Math.max(LEAST_FOR_ANSWER, (timeLimit ?? 0) * PART_FOR_ANSWER),
    );
    this.#milliseconds = timeLimit === undefined ? DEFAULT : Math.max(0, timeLimit - forAnswer);
    this.gone = gone;
  }

  /** Milliseconds that are left; 0 when it is at its end. */
  left(): number {
    if (this.gone?.aborted) return 0;
    this.#deadline ??= monotonicTime() + this.#milliseconds;
    return Math.max(0, this.#deadline - monotonicTime());
  }

  /** The tool's time begins anew, as it does for each part of a body that it sends. */
  renew(): void {
    this.#deadline = undefined;
  }

  /**
   * Waits, but no longer than it lasts.
   * @param wake is given what ends the waiting early
   */
  async wait(wake: (awaken: () => void) => void, atMost = Infinity): Promise<void> {
    const milliseconds = Math.min(atMost, this.left());
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.gone?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.gone?.addEventListener('abort', done);
      wake(done);
    });
  }
}
