/** Somebody who waits until what he changed is on the servers, or has to wait here. */
export interface Waiter {
  /** Of his records. */
  readonly sequences: readonly number[];
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait for records of the logs to be performed. */
export class Waiters {
  readonly #waiters = new Map<number, Set<Waiter>>();

  add(volume: number, sequences: readonly number[]): Promise<void> {
    const waiters = this.#waiters.get(volume) ?? new Set();
    this.#waiters.set(volume, waiters);
    return new Promise<void>((resolve, reject) => waiters.add({ sequences, resolve, reject }));
  }

  /** Who waits for a record. */
  find(volume: number, sequence: number): Waiter | undefined {
    for (const waiter of this.#waiters.get(volume) ?? [])
      if (waiter.sequences.includes(sequence)) return waiter;
    return undefined;
  }

  /** Tells somebody that his changes were refused. */
  refuse(volume: number, waiter: Waiter, error: Error): void {
    this.#waiters.get(volume)?.delete(waiter);
    waiter.reject(error);
  }

  /** Those whose last record has been performed need not wait any more. */
  performed(volume: number, last: number): void {
    const waiters = this.#waiters.get(volume);
    for (const waiter of waiters ?? []) {
      if ((waiter.sequences.at(-1) ?? 0) > last) continue;
      waiters?.delete(waiter);
      waiter.resolve();
    }
  }

  /** What could not be sent waits in the log; nobody waits for it. */
  release(volume: number): void {
    for (const waiter of this.#waiters.get(volume) ?? []) waiter.resolve();
    this.#waiters.delete(volume);
  }
}
