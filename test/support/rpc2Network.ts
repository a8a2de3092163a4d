import { Rpc2Connection } from '../../src/auth/rpc2/connection.ts';
import type { DatagramPort } from '../../src/auth/rpc2/ports.ts';
import { AUTH2_SUBSYSTEM } from '../../src/ipc/rpc2/auth2Calls.ts';
import { keyOfSecret, passwordSecret } from '../../src/ipc/rpc2/keyDerivation.ts';
import { Auth2Server } from '../../src/venus/server/auth2/auth2Server.ts';
import type { Peer } from '../../src/venus/server/auth2/serverConnection.ts';
import { accountsWith } from './rpc2Accounts.ts';
import { TestClock, TestPort, seeded, seededBytes } from './rpc2World.ts';

/** What a bad network does to datagrams; all from 0 to 1. */
export interface Faults {
  readonly loss?: number;
  readonly duplicates?: number;
  /** How many are followed by bytes that mean nothing. */
  readonly garbage?: number;
  /** How many have a byte changed, besides going on as they are. */
  readonly forgeries?: number;
  /** The longest way, in microseconds; datagrams pass each other. */
  readonly delay?: number;
}

/** A server and clients, joined by a network that does what it is told, the same in each run. */
export class TestNetwork {
  readonly clock = new TestClock();
  readonly server: Auth2Server;
  readonly changes: readonly string[];
  /** Datagrams that went either way. */
  readonly seen: Uint8Array[] = [];
  faults: Faults;
  readonly #chance: () => number;
  #ports = 0;

  constructor(faults: Faults = {}, seed = 1, given = accountsWith()) {
    this.faults = faults;
    this.#chance = seeded(seed);
    this.changes = given.changes;
    const random = seededBytes(seeded(seed + 1000));
    this.server = new Auth2Server({ accounts: given.accounts, clock: this.clock, random });
  }

  /** A client that has sent nothing yet. */
  client({ user = 'admin', password = 'changeme', keySize = 0, port = this.port() } = {}): Rpc2Connection {
    return new Rpc2Connection({
      server: 's1',
      port,
      clock: this.clock,
      random: seededBytes(this.#chance),
      caller: {
        securityLevel: 66,
        authenticationType: 2,
        identity: Buffer.from(`${user}\0`),
        secret: keyOfSecret(passwordSecret(password)),
      },
      subsystem: AUTH2_SUBSYSTEM,
      keySize,
    });
  }

  port(): TestPort & DatagramPort {
    const name = `client ${++this.#ports}`;
    const port: TestPort = new TestPort((datagram) =>
      this.#carry(datagram, (arrived) => this.server.receive(arrived, peer)),
    );
    const peer: Peer = {
      name,
      send: (datagram) => this.#carry(datagram, (arrived) => port.deliver(arrived)),
    };
    return port;
  }

  #carry(datagram: Uint8Array, deliver: (datagram: Uint8Array) => void): void {
    const { loss = 0, duplicates = 0, garbage = 0, forgeries = 0 } = this.faults;
    this.seen.push(datagram);
    if (this.#chance() >= loss) this.#later(datagram, deliver);
    if (this.#chance() < duplicates) this.#later(datagram, deliver);
    if (this.#chance() < garbage) this.#later(this.#garbage(), deliver);
    if (this.#chance() < forgeries) this.#later(this.#changed(datagram), deliver);
  }

  #later(datagram: Uint8Array, deliver: (datagram: Uint8Array) => void): void {
    const copy = Uint8Array.from(datagram);
    this.clock.after(100 + this.#chance() * (this.faults.delay ?? 0), () => deliver(copy));
  }

  #garbage(): Uint8Array {
    return seededBytes(this.#chance)(Math.floor(this.#chance() * 200));
  }

  #changed(datagram: Uint8Array): Uint8Array {
    const copy = Uint8Array.from(datagram);
    const at = Math.floor(this.#chance() * copy.length);
    copy[at] = (copy[at] ?? 0) ^ (1 + Math.floor(this.#chance() * 255));
    return copy;
  }
}
