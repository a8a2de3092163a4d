import { ProtocolError } from '../errors.ts';
import { concatBytes, decodeText, encodeText } from '../text.ts';

/** Items of RPC2 start on multiples of this many bytes. */
const ALIGNMENT = 4;

/**
 * Reads what RPC2 packs: big-endian numbers, each item padded to four bytes (spec/rpc2.md, 7).
 * Every method throws {@link ProtocolError} where the data is too short.
 */
export class PackedReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /** @param what names the structure in errors */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** A copy of the next bytes; their padding is passed over, as far as there is any. */
  bytes(count: number): Uint8Array {
    const start = this.#take(count);
    this.#at = Math.min(start + padded(count), this.#bytes.length);
    return this.#bytes.slice(start, start + count);
  }

  /** A text with its length before it and a NUL behind it. */
  string(): string {
    const length = this.u32();
    if (length >= this.remaining) throw this.#tooShort(length + 1);
    const bytes = this.bytes(length + 1);
    if (bytes[length] !== 0) throw new ProtocolError(`${this.#what}: a text of ${length} bytes has no end`);
    return decodeText(bytes.subarray(0, length));
  }

  #take(count: number): number {
    if (count > this.remaining) throw this.#tooShort(count);
    const start = this.#at;
    this.#at += count;
    return start;
  }

  #tooShort(count: number): ProtocolError {
    return new ProtocolError(
      `${this.#what}: ${count} bytes wanted at byte ${this.#at}, ${this.remaining} there`,
    );
  }
}

/** Packs as RPC2 does; padding is zero. */
export class PackedWriter {
  readonly #parts: Uint8Array[] = [];

  u32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.#add(bytes);
  }

  i32(value: number): this {
    return this.u32(value >>> 0);
  }

  bytes(value: Uint8Array): this {
    this.#add(value);
    return this.#add(new Uint8Array(padded(value.length) - value.length));
  }

  /** A text, or the bytes of one. */
  string(value: string | Uint8Array): this {
    const bytes = typeof value === 'string' ? encodeText(value) : value;
    return this.u32(bytes.length).bytes(concatBytes([bytes, Uint8Array.of(0)]));
  }

  finish(): Uint8Array {
    return concatBytes(this.#parts);
  }

  #add(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
