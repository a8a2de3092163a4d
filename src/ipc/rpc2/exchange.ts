import { type Microseconds, type RetryTable, busyWait, waitAfter } from './timers.ts';
import type { Clock } from './clock.ts';

export interface ExchangeOptions {
  readonly clock: Clock;
  readonly table: RetryTable;
  /** Of the packet, in bytes: long ones get more time. */
  readonly size: number;
  readonly send: (isRepetition: boolean) => void;
  /** All repetitions were in vain, or the other side has been busy for too long. */
  readonly giveUp: (reason: 'silent' | 'busy') => void;
  /** For how long the other side may be busy; for ever if it is absent. */
  readonly patience?: Microseconds;
}

/** Sends one packet until it is answered (spec/rpc2.md, 6). It does not look at answers. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #begun: Microseconds;
  #transmission = 0;
  #cancel = () => {};
  #wasBusy = false;

  /** Sends it for the first time. */
  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#begun = options.clock.now();
    this.#transmit(false);
  }

  /** The other side has said that it is busy: it gets more time, and then all repetitions anew. */
  busy(): void {
    this.#cancel();
    this.#wasBusy = true;
    const { clock, table } = this.#options;
    this.#cancel = clock.after(busyWait(table), () => {
      if (this.#isTooLate()) return;
      this.#transmission = 0;
      this.#transmit(true);
    });
  }

  /** The answer is there, or nobody waits for it any more. */
  end(): void {
    this.#cancel();
  }

  #transmit(isRepetition: boolean): void {
    const { clock, table, size, send } = this.#options;
    this.#cancel = clock.after(waitAfter(table, this.#transmission, size), () => this.#repeat());
    send(isRepetition);
  }

  #repeat(): void {
    if (this.#isTooLate()) return;
    this.#transmission += 1;
    if (this.#transmission < this.#options.table.waits.length) this.#transmit(true);
    else this.#options.giveUp('silent');
  }

  #isTooLate(): boolean {
    const { clock, patience, giveUp } = this.#options;
    if (!this.#wasBusy || patience === undefined || clock.now() - this.#begun < patience) return false;
    giveUp('busy');
    return true;
  }
}
