/**
 * The handshake of servers from before the secure one, by XOR (spec/rpc2.md, 4.7). Whoever listens can undo it, password
 * and all: it is for those who have allowed it.
 */
import { ProtocolError } from '../errors.ts';
import { Flag } from './codes.ts';
import { PackedReader, PackedWriter } from './packing.ts';

const FLAGS_AT = 12;
/** What is before it in a packet is never hidden. */
const HIDDEN_FROM = 16;
const SESSION_KEY = 8;
const SPARES = 12;

/** What the handshake ends with. */
export interface OldSession {
  readonly firstSequence: number;
  readonly key: Uint8Array;
}

/** The client's side of one handshake. */
export class OldHandshake {
  readonly #secret: Uint8Array;
  readonly #xRandom: number;

  /** @param secret eight bytes @param xRandom as it was sent in INIT1, which counts as hidden */
  constructor(secret: Uint8Array, xRandom: Uint8Array) {
    this.#secret = Uint8Array.from(secret);
    this.#xRandom = new PackedReader(withXor(xRandom, secret), 'XRandom').u32();
  }

  /** The body of INIT3; undefined if the server has another secret. @throws ProtocolError */
  answer(init2: Uint8Array): Uint8Array | undefined {
    const reader = new PackedReader(withXor(init2, this.#secret), 'INIT2');
    const [proof, yRandom] = [reader.u32(), reader.u32()];
    if (proof !== (this.#xRandom + 1) >>> 0) return undefined;
    const body = new PackedWriter()
      .u32((yRandom + 1) >>> 0)
      .bytes(new Uint8Array(SPARES))
      .finish();
    return withXor(body, this.#secret);
  }

  /** @throws ProtocolError where the server has not proved that it has the secret */
  finish(init4: Uint8Array): OldSession {
    const reader = new PackedReader(withXor(init4, this.#secret), 'INIT4');
    const [firstSequence, key, proof] = [reader.u32(), reader.bytes(SESSION_KEY), reader.u32()];
    if (proof !== (this.#xRandom + 2) >>> 0) throw new ProtocolError('INIT4: not of this handshake');
    return { firstSequence, key };
  }

  wipe(): void {
    this.#secret.fill(0);
  }
}

/** A packet as it goes over the wire in an old session. */
export function hidePacket(packet: Uint8Array, { key }: OldSession): Uint8Array {
  const hidden = withXorFrom(packet, HIDDEN_FROM, key);
  setFlags(hidden, flagsOf(hidden) | Flag.Encrypted);
  return hidden;
}

/** The other way round; undefined for what is not hidden. */
export function revealPacket(datagram: Uint8Array, { key }: OldSession): Uint8Array | undefined {
  if (datagram.length < HIDDEN_FROM || (flagsOf(datagram) & Flag.Encrypted) === 0) return undefined;
  const packet = withXorFrom(datagram, HIDDEN_FROM, key);
  setFlags(packet, flagsOf(packet) & ~Flag.Encrypted);
  return packet;
}

function withXor(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  return withXorFrom(bytes, 0, key);
}

/** The key is repeated. */
function withXorFrom(bytes: Uint8Array, from: number, key: Uint8Array): Uint8Array {
  return bytes.map((value, at) => (at < from ? value : value ^ (key[(at - from) % key.length] ?? 0)));
}

function flagsOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getUint32(FLAGS_AT);
}

function setFlags(packet: Uint8Array, flags: number): void {
  new DataView(packet.buffer, packet.byteOffset).setUint32(FLAGS_AT, flags);
}
