/** Reads packed little-endian structures for tests, apart from the code under test. Past the end it throws RangeError. */
export class PackedReader {
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  /** Where the next field begins. */
  get at(): number {
    return this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#step(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#step(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#step(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#step(8), true);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.u8());
  }

  dottedQuad(): string {
    return `${this.u8()}.${this.u8()}.${this.u8()}.${this.u8()}`;
  }

  /** ASCII up to a NUL, which is consumed. */
  text(): string {
    let text = '';
    for (let byte = this.u8(); byte !== 0; byte = this.u8()) text += String.fromCharCode(byte);
    return text;
  }

  #step(count: number): number {
    this.#at += count;
    return this.#at - count;
  }
}
