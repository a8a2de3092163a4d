import { monotonicTime } from '../timeLimit.ts';
import type { Microseconds } from './timers.ts';

/** Time and timers, passed in: tests give a connection a clock of their own. */
export interface Clock {
  /** A clock that nobody sets. */
  now(): Microseconds;
  /** @returns what cancels it */
  after(delay: Microseconds, action: () => void): () => void;
}

/** That many bytes that nobody can foresee. */
export type Random = (count: number) => Uint8Array;

/** The clock of this machine. */
export const machineClock: Clock = {
  now: () => Math.floor(monotonicTime() * 1000),
  after: (delay, action) => {
    const timer = setTimeout(action, Math.ceil(delay / 1000));
    return () => clearTimeout(timer);
  },
};
