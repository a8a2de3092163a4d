import { ProtocolError } from '../../../ipc/errors.ts';
import { Authentication, Encryption, type Suite, cipherFor } from '../../../ipc/rpc2/cipherSuite.ts';
import type { Clock, Random } from '../../../ipc/rpc2/clock.ts';
import { Flag, PacketKind, ReturnCode } from '../../../ipc/rpc2/codes.ts';
import { Exchange } from '../../../ipc/rpc2/exchange.ts';
import {
  type Init1,
  RPC2_VERSION,
  SECURE_VERSION,
  decodeKeyOffer,
  encodeInit4,
  encodeKeyOffer,
  firstCipher,
} from '../../../ipc/rpc2/handshake.ts';
import { type Packet, decodePacket, encodePacket } from '../../../ipc/rpc2/packet.ts';
import { Opener, Sealer } from '../../../ipc/rpc2/seal.ts';
import { LOGIN_RETRIES, type Microseconds } from '../../../ipc/rpc2/timers.ts';
import type { XcbcKeys } from '../../../ipc/rpc2/xcbc.ts';
import type { Answer } from './procedures.ts';

/** Somebody who sent a datagram, and how to answer him. */
export interface Peer {
  /** Address and port. */
  readonly name: string;
  send(datagram: Uint8Array): void;
}

/** A logical clock that all connections share. */
export interface Lamport {
  next(): number;
  note(received: number): void;
}

export interface ServerConnectionOptions {
  readonly handle: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly lamport: Lamport;
  readonly perform: (opcode: number, body: Uint8Array) => Promise<Answer>;
  /** It has come to its end. */
  readonly forget: () => void;
}

/** After this long a client is told that its request is still worked on. */
const BUSY_AFTER: Microseconds = 100_000;
/** For how long an answer is kept for those that ask again. */
const KEPT: Microseconds = 30_000_000;
const COLOUR = 0x00ff0000;
/** Bytes of key that clients may ask for: those of AES with a salt. */
const KEY_SIZES = [19, 27, 35] as const;
const OLD_KEY = 32;

type Fields = Pick<Packet, 'opcode' | 'body'> & Partial<Packet>;

/** What was answered last, as it may have to be said again. */
interface LastAnswer {
  readonly to: { readonly opcode: number; readonly sequence: number };
  readonly packet: Packet;
  readonly time: Microseconds;
}

/** One client's connection, from its INIT1 on (spec/rpc2.md, 4 to 7, from the other side). */
export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  readonly #init1: Packet;
  readonly #sealer: Sealer;
  readonly #opener: Opener;
  /** INIT2, until it is answered. */
  #offer: Exchange | undefined;
  #peer: Peer;
  #next: number | undefined;
  #working: Packet | undefined;
  #last: LastAnswer | undefined;
  #lastHeard: Microseconds;
  #isEnded = false;

  /** Answers an INIT1 of somebody whose key is known. The key may be wiped then. */
  constructor(peer: Peer, packet: Packet, init: Init1, key: XcbcKeys, options: ServerConnectionOptions) {
    const { random, clock } = options;
    this.#options = options;
    this.#peer = peer;
    this.#init1 = packet;
    this.#lastHeard = clock.now();
    const { suite, size, version } = suiteFor(init);
    const material = random(size);
    this.#opener = new Opener(cipherFor(suite, material));
    this.#sealer = new Sealer(packet.localHandle, firstCipher(key, init.xRandom, packet.uniquefier), random);
    const body = encodeKeyOffer({ version, suite, key: material });
    material.fill(0);
    const returnCode = init.rpc2Version === RPC2_VERSION ? ReturnCode.Success : ReturnCode.OldVersion;
    this.#sendOffer({ opcode: PacketKind.Init2, body, returnCode });
  }

  get handle(): number {
    return this.#options.handle;
  }

  get isEstablished(): boolean {
    return this.#next !== undefined;
  }

  get lastHeard(): Microseconds {
    return this.#lastHeard;
  }

  /** Whether a repeated INIT1 is the one that it began with. */
  beganWith(peer: Peer, { localHandle, uniquefier }: Packet): boolean {
    const { localHandle: handle, uniquefier: own } = this.#init1;
    return peer.name === this.#peer.name && localHandle === handle && uniquefier === own;
  }

  /** A sealed datagram for it. Whatever is wrong with it, it is dropped. */
  receive(datagram: Uint8Array, peer: Peer): void {
    const opened = this.#opener.open(datagram);
    if (opened.kind !== 'opened') return;
    try {
      const packet = decodePacket(opened.packet);
      const { localHandle, uniquefier } = this.#init1;
      if (packet.remoteHandle !== this.handle || packet.localHandle !== localHandle) return;
      if (packet.uniquefier !== uniquefier) return;
      this.#peer = peer;
      this.#lastHeard = this.#options.clock.now();
      this.#options.lamport.note(packet.lamport);
      this.#take(packet);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  end(): void {
    this.#isEnded = true;
    this.#offer?.end();
    this.#sealer.wipe();
    this.#opener.wipe();
    this.#options.forget();
  }

  #take(packet: Packet): void {
    const { opcode, sequence } = packet;
    if (this.#last?.to.opcode === opcode && this.#last.to.sequence === sequence) this.#repeat(packet);
    else if (opcode === PacketKind.Init3 && this.#offer) this.#establish(packet);
    else if (opcode > 0 && this.#working?.sequence === sequence) this.#sayBusy(packet);
    else if (opcode > 0 && !this.#working && sequence === this.#next) void this.#work(packet);
  }

  /** The client has answered with a key of its own: from now on all is sealed with it. */
  #establish(packet: Packet): void {
    const { suite, key } = decodeKeyOffer(packet.body);
    const cipher = cipherFor(suite, key);
    key.fill(0);
    this.#offer?.end();
    this.#offer = undefined;
    this.#sealer.setCipher(cipher);
    const { random } = this.#options;
    const first = new DataView(Uint8Array.from(random(4)).buffer).getUint32(0);
    this.#next = first;
    this.#answer(packet, { opcode: PacketKind.Init4, body: encodeInit4(first, random(8)) });
  }

  async #work(packet: Packet): Promise<void> {
    const { clock, perform } = this.#options;
    const received = clock.now();
    this.#working = packet;
    const stopTimer = clock.after(BUSY_AFTER, () => this.#sayBusy(packet));
    const { code, body } = await perform(packet.opcode, packet.body);
    stopTimer();
    this.#working = undefined;
    this.#next = following(packet.sequence, 2);
    const timestamp = (packet.timestamp + clock.now() - received) % 2 ** 32;
    const sequence = following(packet.sequence, 1);
    this.#answer(packet, { opcode: PacketKind.Reply, body, returnCode: code, sequence, timestamp });
  }

  #answer(to: Packet, fields: Fields): void {
    const packet = this.#packet(to, fields);
    this.#last = { to, packet, time: this.#options.clock.now() };
    this.#send(packet);
  }

  /** The answer got lost, or the client did not wait for it. */
  #repeat({ timestamp }: Packet): void {
    const { packet, time } = this.#last ?? {};
    if (!packet || time === undefined || this.#options.clock.now() - time > KEPT) return;
    this.#send({ ...packet, timestamp, flags: packet.flags | Flag.Retry });
  }

  #sayBusy(packet: Packet): void {
    const sequence = following(packet.sequence, 1);
    this.#send(this.#packet(packet, { opcode: PacketKind.Busy, sequence, body: new Uint8Array(0) }));
  }

  #sendOffer(fields: Fields): void {
    const { clock } = this.#options;
    const packet = this.#packet(this.#init1, fields);
    this.#offer = new Exchange({
      clock,
      table: LOGIN_RETRIES,
      size: encodePacket(packet).length,
      send: (isRepetition) =>
        this.#send({ ...packet, flags: packet.flags | (isRepetition ? Flag.Retry : 0) }),
      giveUp: () => this.end(),
    });
  }

  #packet(to: Packet, fields: Fields): Packet {
    return {
      remoteHandle: to.localHandle,
      localHandle: this.handle,
      flags: to.flags & COLOUR,
      sequence: 0,
      subsystem: to.subsystem,
      returnCode: ReturnCode.Success,
      lamport: this.#options.lamport.next(),
      uniquefier: to.uniquefier,
      timestamp: to.timestamp,
      ...fields,
    };
  }

  #send(packet: Packet): void {
    if (this.#isEnded) return;
    const plain = encodePacket(packet);
    this.#peer.send(this.#sealer.seal(plain));
    plain.fill(0);
  }
}

/** The algorithms for what the client sends, by its version of the handshake and its wish. */
function suiteFor({ secureVersion, keySize }: Init1): { suite: Suite; size: number; version: number } {
  if (secureVersion < SECURE_VERSION) {
    const suite = { authentication: Authentication.AesXcbcMac96, encryption: Encryption.AesCbc };
    return { suite, size: OLD_KEY, version: 0 };
  }
  const suite = { authentication: Authentication.None, encryption: Encryption.AesCcm8 };
  const size = KEY_SIZES.find((offered) => offered >= keySize) ?? KEY_SIZES[2];
  return { suite, size, version: SECURE_VERSION };
}

function following(sequence: number, by: number): number {
  return (sequence + by) >>> 0;
}
