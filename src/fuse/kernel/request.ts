import { decodeText } from '../../ipc/text.ts';

/** Bytes before the body of a request. */
export const REQUEST_HEAD = 40;
const HIGH = 2 ** 32;

/**
 * One request of the kernel, read from front to back. The bytes are the kernel's, so they are not looked at with suspicion;
 * they are valid only until the handler first waits.
 */
export class KernelRequest {
  readonly opcode: number;
  /** By which it is answered. */
  readonly unique: number;
  readonly node: number;
  /** Of who asks. */
  readonly uid: number;
  /** Its thread, by number. */
  readonly thread: number;
  readonly #bytes: Buffer;
  #at = REQUEST_HEAD;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.opcode = bytes.readUInt32LE(4);
    this.unique = bytes.readUInt32LE(8) + bytes.readUInt32LE(12) * HIGH;
    this.node = bytes.readUInt32LE(16) + bytes.readUInt32LE(20) * HIGH;
    this.uid = bytes.readUInt32LE(24);
    this.thread = bytes.readUInt32LE(32);
  }

  u32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  /** Exact up to 2^53, which sizes, offsets and handles keep below. */
  u64(): number {
    const low = this.u32();
    return low + this.u32() * HIGH;
  }

  /** Seconds with a sign, as the times of files have. */
  i64(): number {
    const value = this.#bytes.readBigInt64LE(this.#at);
    this.#at += 8;
    return Number(value);
  }

  skip(length: number): this {
    this.#at += length;
    return this;
  }

  /** A name, up to its NUL. */
  name(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = decodeText(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  bytes(length: number): Buffer {
    const part = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return part;
  }
}
