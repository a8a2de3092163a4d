/** When RPC2 sends again (spec/rpc2.md, 6). All times in microseconds. */

export type Microseconds = number;

export interface RetryTable {
  /** By the number of the transmission, the first being 0. */
  readonly waits: readonly Microseconds[];
  /** How long to wait for a side that has said it is busy. */
  readonly keepAlive: Microseconds;
}

/** Added to all waits. */
const SLACK: Microseconds = 100_000;
const LONGEST_WAIT: Microseconds = 30_000_000;
const PER_BYTE: Microseconds = 10;
/** Bytes of a datagram that are not RPC2's, and of a packet that comes back. */
const [OVERHEAD, ANSWER] = [40, 60];

/** @param keepAlive how long a silent side counts as alive */
export function retryTable(keepAlive: Microseconds, retries: number): RetryTable {
  let wait = Math.floor(keepAlive / 2);
  const last = Math.floor(wait / 2);
  const waits = [0];
  for (let number = retries; number >= 1; number--) {
    wait = Math.floor(wait / 2);
    waits[number] = wait;
  }
  return { waits, keepAlive: last };
}

/** That of the login tools: a keep-alive of 15 s and 6 retries. */
export const LOGIN_RETRIES = retryTable(15_000_000, 6);

/** How long to wait after a transmission before the next one. @param size of the packet, in bytes */
export function waitAfter(table: RetryTable, transmission: number, size: number): Microseconds {
  const roundTrip = PER_BYTE * (size + OVERHEAD) + PER_BYTE * (ANSWER + OVERHEAD);
  const wait = Math.max(roundTrip, table.waits[transmission] ?? 0);
  return Math.min(wait + SLACK, LONGEST_WAIT);
}

/** How long to wait for a side that has said it is busy. */
export function busyWait(table: RetryTable): Microseconds {
  return table.keepAlive + SLACK;
}
