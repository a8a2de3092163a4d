import { errno } from '../../../ipc/errno.ts';
import { VenusError } from '../../../ipc/errors.ts';
import type { Patience } from '../patience.ts';
import type { ModifyLogs } from './modifyLog.ts';

/** Entries of a log; 0 and less is no limit. */
export interface Zones {
  /** From here on a change waits until the log is shorter. */
  readonly red: number;
  /** From here on each change is delayed. */
  readonly yellow: number;
}

/** Milliseconds of a delay, and between two looks at a log that is too long (spec/cml.md, 7.1). */
const STEP = 1000;

/** Slows down, or stalls, who makes a log longer than it should be. The limits are those of all logs, until the next start. */
export class Throttle {
  readonly #logs: ModifyLogs;
  zones: Zones = { red: -1, yellow: -1 };

  constructor(logs: ModifyLogs) {
    this.#logs = logs;
  }

  /**
   * Resolves when a change may be made.
   * @throws VenusError EAGAIN if the log stays too long for longer than one waits
   */
  async admit(volume: number, patience: Patience): Promise<void> {
    if (this.#isAt(volume, this.zones.red)) {
      while (this.#isAt(volume, this.zones.red)) {
        if (patience.left() === 0) throw this.#tooLong(volume);
        await step(patience);
      }
    } else if (this.#isAt(volume, this.zones.yellow)) await step(patience);
  }

  #isAt(volume: number, limit: number): boolean {
    return limit > 0 && this.#logs.state(volume).entries >= limit;
  }

  #tooLong(volume: number): VenusError {
    return new VenusError(errno('EAGAIN'), {
      why: `The modify log of the volume has ${this.#logs.state(volume).entries} entries, and from ${this.zones.red} on changes wait until it is shorter (cfs zonelimit).`,
      next: 'See what holds them up: coda doctor',
    });
  }
}

function step(patience: Patience): Promise<void> {
  return patience.wait(() => undefined, STEP);
}
