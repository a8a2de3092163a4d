/** What a connection needs of the world, passed in: tests give it a clock and a network of their own. */
import type { Microseconds } from '../../ipc/rpc2/timers.ts';

export interface Clock {
  /** A clock that nobody sets. */
  now(): Microseconds;
  /** @returns what cancels it */
  after(delay: Microseconds, action: () => void): () => void;
}

/** Datagrams to and from one server. */
export interface DatagramPort {
  /** A datagram that cannot be sent is lost, as others are. */
  send(datagram: Uint8Array): void;
  /** What came in; one handler. */
  onDatagram(handler: (datagram: Uint8Array) => void): void;
  /** Why the last datagram could not be sent, if it could not. */
  readonly problem: string | undefined;
  close(): void;
}

/** That many bytes that nobody can foresee. */
export type Random = (count: number) => Uint8Array;
