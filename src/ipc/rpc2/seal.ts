/** The envelope around sealed packets: SPI, sequence, IV, ciphertext, tag (spec/rpc2.md, 3). */
import { ProtocolError } from '../errors.ts';
import { concatBytes } from '../text.ts';
import type { Cipher } from './cipherSuite.ts';
import { HEADER_SIZE } from './packet.ts';
import { PackedWriter } from './packing.ts';
import { ReplayWindow } from './replayWindow.ts';
import { BLOCK } from './xcbc.ts';

const HEAD = 8;
/** Length of the padding and the kind of what follows, at the end of the plain text. */
const TRAILER = 2;
const LAST_SEQUENCE = 0xffffffff;

/** Seals what goes out on one connection. Every datagram has a number and an IV of its own, a repetition too. */
export class Sealer {
  /** The receiver's handle. */
  readonly #spi: number;
  readonly #random: (count: number) => Uint8Array;
  #cipher: Cipher;
  #counter: Uint8Array;
  #sequence = 0;

  constructor(spi: number, cipher: Cipher, random: (count: number) => Uint8Array) {
    this.#spi = spi;
    this.#random = random;
    this.#cipher = cipher;
    this.#counter = Uint8Array.from(random(cipher.ivSize));
  }

  /** The numbers go on where the key changes. */
  setCipher(cipher: Cipher): void {
    this.#cipher.wipe();
    this.#cipher = cipher;
    this.#counter = Uint8Array.from(this.#random(cipher.ivSize));
  }

  /** @throws ProtocolError when all numbers have been used */
  seal(packet: Uint8Array): Uint8Array {
    if (this.#sequence === LAST_SEQUENCE) throw new ProtocolError('RPC2: too many packets on one connection');
    this.#sequence += 1;
    const datagram = sealPacket(this.#cipher, {
      spi: this.#spi,
      sequence: this.#sequence,
      iv: this.#cipher.ivOf(this.#counter),
      packet,
    });
    increment(this.#counter);
    return datagram;
  }

  wipe(): void {
    this.#cipher.wipe();
  }
}

/** What came of a sealed datagram. */
export type Opened =
  | { readonly kind: 'opened'; readonly packet: Uint8Array }
  /** It has been seen before, or is too old. */
  | { readonly kind: 'replayed' }
  /** It was not made with the key, or was changed on the way. */
  | { readonly kind: 'unverified' }
  /** Who has the key made it, but it is no packet. */
  | { readonly kind: 'malformed' };

/** Opens what comes in on one connection. What was seen stays known where the key changes. */
export class Opener {
  readonly #window = new ReplayWindow();
  #cipher: Cipher;

  constructor(cipher: Cipher) {
    this.#cipher = cipher;
  }

  setCipher(cipher: Cipher): void {
    this.#cipher.wipe();
    this.#cipher = cipher;
  }

  open(datagram: Uint8Array): Opened {
    const sequence = sequenceOf(datagram);
    if (sequence === undefined) return { kind: 'unverified' };
    if (!this.#window.accepts(sequence)) return { kind: 'replayed' };
    const plain = this.#cipher.open(datagram.subarray(0, HEAD), datagram.subarray(HEAD));
    if (!plain) return { kind: 'unverified' };
    this.#window.note(sequence);
    const packet = withoutPadding(plain);
    return packet ? { kind: 'opened', packet } : { kind: 'malformed' };
  }

  wipe(): void {
    this.#cipher.wipe();
  }
}

export interface SealedPacket {
  readonly spi: number;
  readonly sequence: number;
  readonly iv: Uint8Array;
  readonly packet: Uint8Array;
}

/** One datagram, with everything given. */
export function sealPacket(cipher: Cipher, { spi, sequence, iv, packet }: SealedPacket): Uint8Array {
  const head = new PackedWriter().u32(spi).u32(sequence).finish();
  const plain = withPadding(packet);
  const sealed = concatBytes([head, cipher.seal(head, iv, plain)]);
  plain.fill(0);
  return sealed;
}

function sequenceOf(datagram: Uint8Array): number | undefined {
  if (datagram.length < HEAD) return undefined;
  return new DataView(datagram.buffer, datagram.byteOffset).getUint32(4);
}

function withPadding(packet: Uint8Array): Uint8Array {
  const length = Math.ceil((packet.length + TRAILER) / BLOCK) * BLOCK;
  const padding = length - packet.length - TRAILER;
  const plain = new Uint8Array(length);
  plain.set(packet);
  for (let at = 0; at < padding; at++) plain[packet.length + at] = at + 1;
  plain[length - TRAILER] = padding;
  return plain;
}

function withoutPadding(plain: Uint8Array): Uint8Array | undefined {
  const end = plain.length - TRAILER;
  const padding = plain[end];
  if (padding === undefined || plain[end + 1] !== 0 || end - padding < HEADER_SIZE) return undefined;
  for (let at = 0; at < padding; at++) if (plain[end - padding + at] !== at + 1) return undefined;
  return plain.slice(0, end - padding);
}

/** As one big-endian number; it begins anew after the last one. */
function increment(counter: Uint8Array): void {
  for (let at = counter.length - 1; at >= 0; at--) {
    counter[at] = ((counter[at] ?? 0) + 1) & 0xff;
    if (counter[at] !== 0) return;
  }
}
