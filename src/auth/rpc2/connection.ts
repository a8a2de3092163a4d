import { ProtocolError } from '../../ipc/errors.ts';
import { type Cipher, cipherFor } from '../../ipc/rpc2/cipherSuite.ts';
import type { Random } from '../../ipc/rpc2/clock.ts';
import { Flag, PacketKind, ReturnCode, SecurityLevel } from '../../ipc/rpc2/codes.ts';
import { Exchange } from '../../ipc/rpc2/exchange.ts';
import {
  type Init1,
  type KeyOffer,
  RPC2_VERSION,
  SECURE_VERSION,
  answerTo,
  decodeInit4,
  decodeKeyOffer,
  encodeInit1,
  encodeKeyOffer,
  firstCipher,
} from '../../ipc/rpc2/handshake.ts';
import { OldHandshake, type OldSession, hidePacket, revealPacket } from '../../ipc/rpc2/oldHandshake.ts';
import { HANDLE, type Packet, decodePacket, encodePacket, kindOf } from '../../ipc/rpc2/packet.ts';
import { Opener, Sealer } from '../../ipc/rpc2/seal.ts';
import { LOGIN_RETRIES, type Microseconds } from '../../ipc/rpc2/timers.ts';
import {
  Rpc2Error,
  connectionLost,
  misbehaved,
  naked,
  serverBusy,
  serverDead,
  serverTooOld,
  unknownUser,
  wrongPassword,
} from './errors.ts';
import type { ConnectionOptions, Reply } from './connectionOptions.ts';

/** For how long a server may be busy before a connection begins. */
const BIND_PATIENCE: Microseconds = 15_000_000;
/**
 * What is not sealed may be forged, so bad news is believed only after this long: what the server itself has sealed
 * comes meanwhile, if it comes at all.
 */
const GRACE: Microseconds = 500_000;
/** Of a BUSY that refuses a whole connection, as the server has nothing of it. */
const NO_HANDLE = 0;

/** What is waited for. */
interface Waiting {
  readonly step: 'init2' | 'init4' | 'reply';
  readonly exchange: Exchange;
  readonly fail: (error: Rpc2Error) => void;
  /** Looks at a packet that is sealed and of this connection. */
  readonly take: (packet: Packet) => void;
}

/** What a server of old is to be answered. */
interface OldAnswer {
  readonly oldInit3: Uint8Array;
}

type Outgoing = Pick<Packet, 'opcode' | 'sequence' | 'body'>;

/** One connection to a server: it begins with a handshake, then there is one call at a time (spec/rpc2.md). */
export class Rpc2Connection {
  readonly #options: ConnectionOptions;
  readonly #handle: number;
  readonly #uniquefier: number;
  readonly #xRandom: Uint8Array;
  readonly #opener: Opener;
  #sealer: Sealer | undefined;
  /** In the place of sealing, with a server of old. */
  #old: { readonly handshake: OldHandshake; session?: OldSession } | undefined;
  #peer = 0;
  #lamport = 0;
  #nextSequence = 0;
  #waiting: Waiting | undefined;
  #cancelSuspicion: (() => void) | undefined;
  #isReady = false;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    const { random, caller, port } = options;
    this.#options = options;
    this.#handle = randomHandle(random);
    this.#uniquefier = number32(random(4));
    this.#xRandom = random(4);
    this.#opener = new Opener(firstCipher(caller.secret, this.#xRandom, this.#uniquefier));
    port.onDatagram((datagram) => this.#receive(datagram));
  }

  /**
   * Begins the connection.
   * @throws Rpc2Error which tells a wrong password, an unknown user, and servers that are dead, busy or too old apart
   */
  async bind(): Promise<void> {
    const offer = await this.#exchange('init2', this.#init1(), (packet) => this.#onInit2(packet));
    if ('oldInit3' in offer) {
      await this.#bindOld(offer.oldInit3);
      return;
    }
    const answer = answerTo(offer, this.#options.random);
    const body = encodeKeyOffer(answer);
    this.#opener.setCipher(cipherFor(answer.suite, answer.key));
    for (const key of [offer.key, answer.key]) key.fill(0);
    try {
      const init3 = { opcode: PacketKind.Init3, sequence: 0, body };
      this.#nextSequence = await this.#exchange('init4', init3, (packet) => this.#onInit4(packet));
    } finally {
      body.fill(0);
    }
    this.#isReady = true;
  }

  /**
   * Calls a procedure. One call at a time.
   * @throws Rpc2Error connection-lost; then the connection is of no use any more
   */
  async call(opcode: number, body: Uint8Array): Promise<Reply> {
    if (!this.#isReady || this.#waiting)
      throw new Error('RPC2: a call outside a connection, or beside another');
    const sequence = this.#nextSequence;
    const reply = await this.#exchange('reply', { opcode, sequence, body }, (packet) => {
      const isReply = packet.opcode === PacketKind.Reply && packet.sequence === following(sequence);
      return isReply ? { code: packet.returnCode, body: packet.body } : undefined;
    });
    this.#nextSequence = (sequence + 2) >>> 0;
    return reply;
  }

  /** Ends the connection, of which the server is not told; keys are overwritten. */
  unbind(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isReady = false;
    this.#cancelSuspicion?.();
    this.#waiting?.exchange.end();
    this.#waiting?.fail(connectionLost(this.#options.server));
    this.#opener.wipe();
    this.#sealer?.wipe();
    this.#old?.handshake.wipe();
    this.#old?.session?.key.fill(0);
    this.#options.port.close();
  }

  /** Sends a packet until something takes an answer to it. */
  async #exchange<Answer>(
    step: Waiting['step'],
    outgoing: Outgoing,
    answerIn: (packet: Packet) => Answer | Rpc2Error | undefined,
  ): Promise<Answer> {
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const lamport = this.#tick();
        const take = (packet: Packet) => {
          const answer = answerIn(packet);
          if (answer instanceof Rpc2Error) reject(answer);
          else if (answer !== undefined) resolve(answer);
        };
        const exchange = this.#start(step, outgoing, lamport, reject);
        this.#waiting = { step, exchange, fail: reject, take };
      });
    } catch (error) {
      this.#isReady = false;
      throw error;
    } finally {
      this.#waiting?.exchange.end();
      this.#waiting = undefined;
      this.#cancelSuspicion?.();
      this.#cancelSuspicion = undefined;
    }
  }

  #start(
    step: Waiting['step'],
    outgoing: Outgoing,
    lamport: number,
    reject: (error: Rpc2Error) => void,
  ): Exchange {
    const { clock, server, port } = this.#options;
    const packetNow = (isRepetition: boolean) =>
      encodePacket(this.#packet(outgoing, lamport, isRepetition ? Flag.Retry : 0));
    return new Exchange({
      clock,
      table: LOGIN_RETRIES,
      size: packetNow(false).length,
      send: (isRepetition) => {
        const packet = packetNow(isRepetition);
        port.send(this.#wrap(packet));
        if (this.#sealer) packet.fill(0);
      },
      giveUp: (reason) => {
        if (step === 'reply') reject(connectionLost(server));
        else reject(reason === 'busy' ? serverBusy(server) : serverDead(server, port.problem));
      },
      ...(step === 'reply' ? {} : { patience: BIND_PATIENCE }),
    });
  }

  #wrap(packet: Uint8Array): Uint8Array {
    if (this.#sealer) return this.#sealer.seal(packet);
    return this.#old?.session ? hidePacket(packet, this.#old.session) : packet;
  }

  /** The rest of the old handshake. */
  async #bindOld(body: Uint8Array): Promise<void> {
    const init3 = { opcode: PacketKind.Init3, sequence: 0, body };
    this.#nextSequence = await this.#exchange('init4', init3, (packet) => {
      if (packet.opcode !== PacketKind.Init4 || !this.#old) return undefined;
      this.#old.session = this.#old.handshake.finish(packet.body);
      return this.#old.session.firstSequence;
    });
    this.#isReady = true;
  }

  #packet({ opcode, sequence, body }: Outgoing, lamport: number, flags: number): Packet {
    const isInit1 = this.#peer === 0;
    return {
      remoteHandle: this.#peer,
      localHandle: this.#handle,
      flags: isInit1 ? flags | Flag.SecureCapable : flags,
      sequence,
      opcode,
      subsystem: this.#options.subsystem,
      returnCode: 0,
      lamport,
      uniquefier: this.#uniquefier,
      timestamp: Math.floor(this.#options.clock.now()) % 2 ** 32,
      body,
    };
  }

  #init1(): Outgoing {
    const { caller, keySize = 0 } = this.#options;
    const init: Init1 = {
      securityLevel: caller.securityLevel,
      authenticationType: caller.authenticationType,
      xRandom: this.#xRandom,
      secureVersion: SECURE_VERSION,
      keySize,
      rpc2Version: RPC2_VERSION,
      identity: caller.identity,
    };
    const isOpen = caller.securityLevel === SecurityLevel.Open;
    const opcode = isOpen ? PacketKind.Init1Open : PacketKind.Init1Secure;
    return { opcode, sequence: 0, body: encodeInit1(init) };
  }

  #onInit2(packet: Packet): KeyOffer | OldAnswer | Rpc2Error | undefined {
    if (packet.opcode !== PacketKind.Init2) return undefined;
    if (this.#old) return this.#onOldInit2(packet, this.#old.handshake);
    const { server, random } = this.#options;
    if (packet.returnCode < ReturnCode.ErrorLimit) return unknownUser(server);
    if (packet.returnCode !== ReturnCode.Success)
      return serverTooOld(server, 'It speaks another version of RPC2.');
    try {
      const offer = decodeKeyOffer(packet.body);
      const cipher: Cipher = cipherFor(offer.suite, offer.key);
      this.#peer = packet.localHandle;
      this.#sealer = new Sealer(this.#peer, cipher, random);
      return offer;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return misbehaved(server, error.message);
    }
  }

  #onOldInit2({ body, localHandle }: Packet, handshake: OldHandshake): OldAnswer | Rpc2Error {
    const oldInit3 = handshake.answer(body);
    if (!oldInit3) return wrongPassword();
    this.#peer = localHandle;
    return { oldInit3 };
  }

  #onInit4(packet: Packet): number | Rpc2Error | undefined {
    if (packet.opcode !== PacketKind.Init4) return undefined;
    const { server } = this.#options;
    if (packet.returnCode === ReturnCode.Success) return decodeInit4(packet.body);
    return misbehaved(server, `the handshake ended with ${packet.returnCode}`);
  }

  /** Whatever it is: nothing that comes in makes it do more than wait. */
  #receive(datagram: Uint8Array): void {
    if (!this.#waiting) return;
    try {
      const found = kindOf(datagram);
      if (found.kind === 'clear' && this.#old) this.#onOld(datagram, this.#old.session);
      else if (found.kind === 'clear') this.#onClear(decodePacket(datagram));
      else if (found.kind === 'sealed' && found.handle === this.#handle) this.#onSealed(datagram);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }

  #onSealed(datagram: Uint8Array): void {
    const opened = this.#opener.open(datagram);
    if (opened.kind === 'unverified' && this.#waiting?.step === 'init2') this.#suspect(wrongPassword());
    if (opened.kind !== 'opened') return;
    this.#onPacket(decodePacket(opened.packet));
  }

  /** From a server of old: what it hides is believed. */
  #onOld(datagram: Uint8Array, session: OldSession | undefined): void {
    const packet = session ? revealPacket(datagram, session) : datagram;
    if (packet && this.#waiting?.step !== 'init2') this.#onPacket(decodePacket(packet));
  }

  /** Of this connection, if it says so. */
  #onPacket(packet: Packet): void {
    if (packet.uniquefier !== this.#uniquefier || packet.remoteHandle !== this.#handle) return;
    const isInit2 = packet.opcode === PacketKind.Init2;
    if (isInit2 ? !isHandle(packet.localHandle) : packet.localHandle !== this.#peer) return;
    this.#lamport = Math.max(this.#lamport, packet.lamport + 1);
    if (packet.opcode === PacketKind.Busy) this.#onBusy(packet);
    else this.#waiting?.take(packet);
  }

  /** The server works on it, or is not ready for it yet. */
  #onBusy(packet: Packet): void {
    const isOfThis = this.#waiting?.step === 'init4' || packet.sequence === following(this.#nextSequence);
    if (isOfThis) this.#waiting?.exchange.busy();
  }

  /** Only what a server may say before it has a key; all of it could be forged. */
  #onClear(packet: Packet): void {
    if (this.#waiting?.step !== 'init2' || packet.remoteHandle !== this.#handle) return;
    const { server } = this.#options;
    if (packet.opcode === PacketKind.Naked) {
      this.#suspect(naked(server));
      return;
    }
    if (packet.uniquefier !== this.#uniquefier) return;
    this.#lamport = Math.max(this.#lamport, packet.lamport + 1);
    if (packet.opcode === PacketKind.Busy && packet.localHandle === NO_HANDLE && !this.#cancelSuspicion)
      this.#waiting.exchange.busy();
    if (packet.opcode === PacketKind.Init2) {
      if (packet.returnCode < ReturnCode.ErrorLimit) this.#suspect(unknownUser(server));
      else this.#onOldOffer(packet);
    }
  }

  /** The old handshake is taken only where that is allowed, and nothing better comes. */
  #onOldOffer(packet: Packet): void {
    const { server, caller } = this.#options;
    const { insecureSecret } = caller;
    if (!insecureSecret || !isHandle(packet.localHandle)) {
      this.#suspect(
        serverTooOld(server, 'It offers only the old handshake, which anybody who listens can undo.'),
      );
      return;
    }
    this.#afterGrace(() => {
      this.#old = { handshake: new OldHandshake(insecureSecret, this.#xRandom) };
      this.#waiting?.take(packet);
    });
  }

  /** The first bad news counts, unless the server itself says otherwise in time. It has heard enough meanwhile. */
  #suspect(error: Rpc2Error): void {
    this.#afterGrace(() => this.#waiting?.fail(error));
  }

  #afterGrace(action: () => void): void {
    if (this.#cancelSuspicion) return;
    this.#waiting?.exchange.end();
    this.#cancelSuspicion = this.#options.clock.after(GRACE, action);
  }

  #tick(): number {
    this.#lamport = (this.#lamport + 1) >>> 0;
    return this.#lamport;
  }
}

function following(sequence: number): number {
  return (sequence + 1) >>> 0;
}

function isHandle(handle: number): boolean {
  return handle >= HANDLE.least && handle <= HANDLE.most;
}

function number32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

function randomHandle(random: Random): number {
  for (;;) {
    const handle = number32(random(4)) & HANDLE.most;
    if (isHandle(handle)) return handle;
  }
}
