import { monotonicTime } from '../../../ipc/timeLimit.ts';

/** How much of what was measured last counts, against what was known before. */
const WEIGHT = 0.3;
/** Bytes below which a measurement says more of the round trip than of the way. */
const TELLING = 16 * 1024;

/** How fast what is sent to the servers gets there, so that one round does not take longer than it may (spec/cml.md, 2.2). */
export class Pace {
  readonly #now: () => number;
  /** Bytes per millisecond, of each volume. */
  readonly #rates = new Map<number, number>();

  constructor(now: () => number = monotonicTime) {
    this.#now = now;
  }

  /** Begins to measure. @returns to be called with the bytes that have gone */
  begin(volume: number): (bytes: number) => void {
    const start = this.#now();
    return (bytes) => {
      if (bytes < TELLING) return;
      const measured = bytes / Math.max(1, this.#now() - start);
      const known = this.#rates.get(volume) ?? measured;
      this.#rates.set(volume, known + WEIGHT * (measured - known));
    };
  }

  /** Bytes that can be sent in a time. @param timeLimit milliseconds; 0 for as long as it takes */
  bytesIn(volume: number, timeLimit: number): number {
    const rate = this.#rates.get(volume);
    return rate === undefined || timeLimit === 0 ? Infinity : rate * timeLimit;
  }
}
