import type { Clock, Random } from '../../src/ipc/rpc2/clock.ts';
import type { DatagramPort } from '../../src/auth/rpc2/ports.ts';

interface Timer {
  readonly time: number;
  readonly number: number;
  readonly action: () => void;
}

/** A clock that stands still until a test runs it: what was to happen happens in its order, and takes no time. */
export class TestClock implements Clock {
  #now: number;
  #number = 0;
  #timers: Timer[] = [];

  /** @param now microseconds */
  constructor(now = 0) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  readonly after = (delay: number, action: () => void): (() => void) => {
    const timer = { time: this.#now + delay, number: this.#number++, action };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  };

  get pending(): number {
    return this.#timers.length;
  }

  /** Runs until some work is done; resolves as it does. @param limit microseconds after which something hangs */
  async runUntil<T>(work: Promise<T>, limit = 600_000_000): Promise<T> {
    const state = { isDone: false };
    const settled = work.finally(() => (state.isDone = true)).catch(() => undefined);
    const end = this.#now + limit;
    await settle();
    while (!state.isDone) {
      if (!this.#step(end)) throw new Error(`nothing more happens, or not before ${limit} microseconds`);
      await settle();
    }
    await settled;
    return work;
  }

  /** Lets time pass. @param microseconds */
  async run(microseconds: number): Promise<void> {
    const end = this.#now + microseconds;
    await settle();
    while (this.#step(end)) await settle();
    this.#now = end;
  }

  #step(end: number): boolean {
    const [first] = this.#timers.sort((a, b) => a.time - b.time || a.number - b.number);
    if (!first || first.time > end) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, first.time);
    first.action();
    return true;
  }
}

/** Lets everything go on that waits for nothing but its turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Numbers from 0 to 1 that are the same in each run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that are the same in each run. */
export function seededBytes(chance: () => number): Random {
  return (count) => Uint8Array.from({ length: count }, () => Math.floor(chance() * 256));
}

/** Gives what a test has laid out, in its order. */
export function scriptedBytes(...draws: readonly Uint8Array[]): Random {
  const left = [...draws];
  return (count) => {
    const draw = left.shift();
    if (draw?.length !== count)
      throw new Error(`${count} random bytes wanted, ${draw?.length ?? 'none'} laid out`);
    return Uint8Array.from(draw);
  };
}

/** A port whose other end is the test. */
export class TestPort implements DatagramPort {
  readonly problem = undefined;
  readonly sent: Uint8Array[] = [];
  isClosed = false;
  #handler: (datagram: Uint8Array) => void = () => {};
  readonly #onSend: (datagram: Uint8Array, port: TestPort) => void;

  constructor(onSend: (datagram: Uint8Array, port: TestPort) => void = () => {}) {
    this.#onSend = onSend;
  }

  send(datagram: Uint8Array): void {
    const copy = Uint8Array.from(datagram);
    this.sent.push(copy);
    this.#onSend(copy, this);
  }

  onDatagram(handler: (datagram: Uint8Array) => void): void {
    this.#handler = handler;
  }

  /** Something comes in. */
  deliver(datagram: Uint8Array): void {
    if (!this.isClosed) this.#handler(Uint8Array.from(datagram));
  }

  close(): void {
    this.isClosed = true;
  }
}
