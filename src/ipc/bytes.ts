import { ProtocolError } from './errors.ts';
import { concatBytes, decodeText, encodeText } from './text.ts';

/**
 * Reads packed, little-endian structures without ever passing the end of the data.
 * Every method throws {@link ProtocolError} where the data is too short or a text is not terminated.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /** @param what names the structure in errors, as `getvolstat reply`. */
  constructor(bytes: Uint8Array, what: string) {
    // The slices of a Buffer would be views, not copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** Four bytes in network order, as dotted quad. */
  ipv4(): string {
    return this.bytes(4).join('.');
  }

  /** A copy of the next bytes. */
  bytes(count: number): Uint8Array {
    const start = this.#take(count);
    return this.#bytes.slice(start, start + count);
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** Text up to a NUL, which is consumed too. */
  cString(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new ProtocolError(`${this.#what}: text at byte ${this.#at} has no end`);
    const text = decodeText(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** A field of fixed size that holds text and a NUL; what follows the NUL is not defined. */
  paddedString(size: number): string {
    const field = this.bytes(size);
    const end = field.indexOf(0);
    if (end < 0) throw new ProtocolError(`${this.#what}: a text of ${size} bytes has no end`);
    return decodeText(field.subarray(0, end));
  }

  #take(count: number): number {
    const start = this.#at;
    if (count > this.remaining) {
      throw new ProtocolError(
        `${this.#what}: ${count} bytes wanted at byte ${start}, ${this.remaining} there`,
      );
    }
    this.#at = start + count;
    return start;
  }
}

/** Builds packed, little-endian structures. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];

  u8(value: number): this {
    return this.bytes(Uint8Array.of(value));
  }

  u32(value: number): this {
    return this.#number(4, (view) => view.setUint32(0, value, true));
  }

  i32(value: number): this {
    return this.#number(4, (view) => view.setInt32(0, value, true));
  }

  u64(value: bigint): this {
    return this.#number(8, (view) => view.setBigUint64(0, value, true));
  }

  f64(value: number): this {
    return this.#number(8, (view) => view.setFloat64(0, value, true));
  }

  ipv4(address: string): this {
    return this.bytes(Uint8Array.from(address.split('.'), Number));
  }

  bytes(value: Uint8Array): this {
    this.#parts.push(value);
    return this;
  }

  /** Text and a NUL. */
  cString(text: string): this {
    return this.bytes(encodeText(text)).u8(0);
  }

  /** Text in a field of fixed size, filled up with NULs. @throws ProtocolError if text and one NUL do not fit. */
  paddedString(text: string, size: number): this {
    const bytes = encodeText(text);
    if (bytes.length >= size)
      throw new ProtocolError(`text of ${bytes.length} bytes does not fit ${size} bytes`);
    return this.bytes(bytes).bytes(new Uint8Array(size - bytes.length));
  }

  finish(): Uint8Array {
    return concatBytes(this.#parts);
  }

  #number(size: number, set: (view: DataView) => void): this {
    const bytes = new Uint8Array(size);
    set(new DataView(bytes.buffer));
    return this.bytes(bytes);
  }
}
