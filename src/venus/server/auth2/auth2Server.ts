import { ProtocolError } from '../../../ipc/errors.ts';
import type { Clock, Random } from '../../../ipc/rpc2/clock.ts';
import { AuthenticationType, Flag, PacketKind, ReturnCode, SecurityLevel } from '../../../ipc/rpc2/codes.ts';
import { type Init1, decodeInit1 } from '../../../ipc/rpc2/handshake.ts';
import { HANDLE, type Packet, decodePacket, encodePacket, kindOf } from '../../../ipc/rpc2/packet.ts';
import type { Microseconds } from '../../../ipc/rpc2/timers.ts';
import { wipeXcbc } from '../../../ipc/rpc2/xcbc.ts';
import { decodeText } from '../../../ipc/text.ts';
import type { Account, Auth2Accounts } from './accounts.ts';
import { Procedures } from './procedures.ts';
import { type Peer, ServerConnection } from './serverConnection.ts';

export interface Auth2ServerOptions {
  readonly accounts: Auth2Accounts;
  readonly clock: Clock;
  readonly random: Random;
  /** Where the logical clock begins. */
  readonly lamport?: number;
}

/** Connections that are remembered; beyond, the one that was silent for longest goes. */
const MOST_CONNECTIONS = 64;
/** Nobody says good-bye in RPC2: who was silent for so long has gone. */
const IDLE: Microseconds = 600_000_000;
const REFUSAL_BODY = 20;
/** In the place of a handle: there is no connection. */
const NO_HANDLE = 0xffffffff;

const init1Kinds: ReadonlySet<number> = new Set([
  PacketKind.Init1Open,
  PacketKind.Init1AuthOnly,
  PacketKind.Init1HeadersOnly,
  PacketKind.Init1Secure,
]);

/** An auth2 server, apart from its socket: takes datagrams, and sends others. */
export class Auth2Server {
  readonly #options: Auth2ServerOptions;
  readonly #connections = new Map<number, ServerConnection>();
  #lamport: number;
  readonly #clock = {
    next: () => (this.#lamport = (this.#lamport + 1) >>> 0),
    note: (received: number) => void (this.#lamport = Math.max(this.#lamport, received + 1)),
  };

  constructor(options: Auth2ServerOptions) {
    this.#options = options;
    this.#lamport = options.lamport ?? 0;
  }

  /** What makes no sense is dropped. */
  receive(datagram: Uint8Array, peer: Peer): void {
    const found = kindOf(datagram);
    if (found.kind === 'sealed') this.#connections.get(found.handle)?.receive(datagram, peer);
    if (found.kind !== 'clear') return;
    try {
      this.#onClear(decodePacket(datagram), peer);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  close(): void {
    for (const connection of [...this.#connections.values()]) connection.end();
  }

  #onClear(packet: Packet, peer: Peer): void {
    if (init1Kinds.has(packet.opcode)) this.#onInit1(packet, peer);
    else if (packet.opcode !== PacketKind.Naked && !this.#connections.has(packet.remoteHandle))
      this.#send(peer, packet, { opcode: PacketKind.Naked, localHandle: NO_HANDLE });
  }

  #onInit1(packet: Packet, peer: Peer): void {
    if ((packet.flags & Flag.SecureCapable) === 0 || packet.localHandle < HANDLE.least) return;
    for (const connection of this.#connections.values()) if (connection.beganWith(peer, packet)) return;
    const init = decodeInit1(packet.body);
    this.#clock.note(packet.lamport);
    const account = this.#accountOf(packet, init);
    if (account) {
      this.#connect(packet, peer, init, account);
      wipeXcbc(account.key);
    } else this.#refuse(packet, peer);
  }

  #accountOf({ opcode }: Packet, init: Init1): Account | undefined {
    const isOpen = opcode === PacketKind.Init1Open || init.securityLevel === SecurityLevel.Open;
    if (isOpen || init.authenticationType !== AuthenticationType.UserName) return undefined;
    // The last byte is its NUL, whatever it is.
    const bytes = init.identity.subarray(0, -1);
    const end = bytes.indexOf(0);
    const identity = decodeText(end < 0 ? bytes : bytes.subarray(0, end));
    return identity === '' ? undefined : this.#options.accounts.find(identity);
  }

  #connect(packet: Packet, peer: Peer, init: Init1, { viceId, key }: Account): void {
    this.#makeRoom();
    const { clock, random, accounts } = this.#options;
    const handle = this.#newHandle();
    const procedures = new Procedures(accounts, viceId);
    const connection = new ServerConnection(peer, packet, init, key, {
      handle,
      clock,
      random,
      lamport: this.#clock,
      perform: (opcode, body) => procedures.perform(opcode, body),
      forget: () => this.#connections.delete(handle),
    });
    this.#connections.set(handle, connection);
  }

  #refuse(packet: Packet, peer: Peer): void {
    this.#send(peer, packet, {
      opcode: PacketKind.Init2,
      localHandle: this.#newHandle(),
      returnCode: ReturnCode.NotAuthenticated,
      subsystem: packet.subsystem,
      uniquefier: packet.uniquefier,
      body: new Uint8Array(REFUSAL_BODY),
    });
  }

  #send(peer: Peer, to: Packet, fields: Pick<Packet, 'opcode' | 'localHandle'> & Partial<Packet>): void {
    const packet = {
      remoteHandle: to.localHandle,
      flags: 0,
      sequence: 0,
      subsystem: 0,
      returnCode: ReturnCode.Success,
      lamport: this.#clock.next(),
      uniquefier: 0,
      timestamp: 0,
      body: new Uint8Array(0),
      ...fields,
    };
    peer.send(encodePacket(packet));
  }

  /** Those that never finished the handshake go first. */
  #makeRoom(): void {
    const now = this.#options.clock.now();
    for (const connection of [...this.#connections.values()])
      if (now - connection.lastHeard > IDLE) connection.end();
    if (this.#connections.size < MOST_CONNECTIONS) return;
    const [first] = [...this.#connections.values()].sort(
      (a, b) => Number(a.isEstablished) - Number(b.isEstablished) || a.lastHeard - b.lastHeard,
    );
    first?.end();
  }

  #newHandle(): number {
    for (;;) {
      const bytes = Uint8Array.from(this.#options.random(4));
      const handle = new DataView(bytes.buffer).getUint32(0) & HANDLE.most;
      if (handle >= HANDLE.least && !this.#connections.has(handle)) return handle;
    }
  }
}
