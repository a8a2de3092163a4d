import { fail } from '../../fail.ts';

interface Lock {
  readonly holder: string;
  /** Milliseconds since 1970 after which it is no lock any more. */
  until: number;
  readonly freed: Promise<void>;
  readonly free: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Milliseconds that a holder may be silent. */
const LEASE = 5_000;
/** Milliseconds after which it should say something. */
export const RENEWAL = 1_500;

/** Keeps updates of a volume and its resolution apart. It does not outlive the process, and neither does what it protects. */
export class VolumeLocks {
  readonly #locks = new Map<number, Lock>();
  readonly #updates = new Map<number, Set<Promise<void>>>();

  /** Runs an update when no resolution is under way. */
  async update<Result>(volume: number, work: () => Promise<Result>): Promise<Result> {
    for (let lock = this.#locks.get(volume); lock; lock = this.#locks.get(volume)) await lock.freed;
    const running = this.#updates.get(volume) ?? new Set<Promise<void>>();
    this.#updates.set(volume, running);
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    running.add(ended);
    try {
      return await work();
    } finally {
      end();
      running.delete(ended);
      if (running.size === 0) this.#updates.delete(volume);
    }
  }

  /** Resolves when no update is under way any more. @throws VenusError EAGAIN while another holds it */
  async lock(volume: number, holder: string): Promise<void> {
    if (this.#locks.has(volume)) fail('EAGAIN', 'The volume is being resolved.');
    let free = () => {};
    const freed = new Promise<void>((resolve) => (free = resolve));
    const timer = setInterval(() => this.#expire(volume), LEASE / 2).unref();
    this.#locks.set(volume, { holder, until: Date.now() + LEASE, freed, free, timer });
    await Promise.all([...(this.#updates.get(volume) ?? [])]);
  }

  /** To be called when the holder is heard of. @throws VenusError EAGAIN if it does not hold the lock any more */
  renew(volume: number, holder: string): void {
    const lock = this.#locks.get(volume);
    if (lock?.holder !== holder) return fail('EAGAIN', 'The resolution was given up after a long silence.');
    lock.until = Date.now() + LEASE;
  }

  unlock(volume: number, holder: string): void {
    if (this.#locks.get(volume)?.holder === holder) this.#free(volume);
  }

  close(): void {
    for (const volume of [...this.#locks.keys()]) this.#free(volume);
  }

  #expire(volume: number): void {
    const lock = this.#locks.get(volume);
    if (lock && lock.until < Date.now()) this.#free(volume);
  }

  #free(volume: number): void {
    const lock = this.#locks.get(volume);
    if (!lock) return;
    clearInterval(lock.timer);
    this.#locks.delete(volume);
    lock.free();
  }
}
