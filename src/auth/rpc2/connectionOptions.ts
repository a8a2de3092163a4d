import type { Clock, Random } from '../../ipc/rpc2/clock.ts';
import type { XcbcKeys } from '../../ipc/rpc2/xcbc.ts';
import type { DatagramPort } from './ports.ts';

/** Who begins a connection. */
export interface Caller {
  readonly securityLevel: number;
  readonly authenticationType: number;
  readonly identity: Uint8Array;
  /** Made of the secret; wiped with the connection. */
  readonly secret: XcbcKeys;
  /** The secret itself, eight bytes, where the old handshake will do: it hides nothing from those who listen. */
  readonly insecureSecret?: Uint8Array | undefined;
}

export interface ConnectionOptions {
  /** As errors are to name it. */
  readonly server: string;
  readonly port: DatagramPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly caller: Caller;
  readonly subsystem: number;
  /** Bytes of key to ask for; 0 for what the server likes. */
  readonly keySize?: number;
}

/** What a procedure of the server has returned. */
export interface Reply {
  /** Negative ones are RPC2's own. With another code than 0 the body is undefined. */
  readonly code: number;
  readonly body: Uint8Array;
}
