import { ArchiveError } from './errors.ts';
import type { ArchiveInput } from './input.ts';

/** Bytes held at once. Larger headers make it grow; data never does. */
const CAPACITY = 1024 * 1024;
/** Bytes read after a long jump, doubled with each further read: between large files only headers are needed. */
const FIRST_READ = 4096;
const LONG_JUMP = 128 * 1024;

/**
 * A window that moves over an archive. What is in it can be looked at without waiting, which makes a header cost
 * little; memory does not grow with the archive.
 */
export class ByteWindow {
  readonly input: ArchiveInput;
  /** Node's own kind, as short names become strings from it sooner. */
  #buffer = Buffer.from(new ArrayBuffer(CAPACITY));
  #words = new DataView(this.#buffer.buffer);
  /** Where the first byte of the buffer stands in the archive. */
  #base = 0;
  #start = 0;
  #end = 0;
  #nextRead = FIRST_READ;

  constructor(input: ArchiveInput) {
    this.input = input;
  }

  /** Where the next byte stands in the archive. */
  get position(): number {
    return this.#base + this.#start;
  }

  /** Bytes that can be looked at without waiting. */
  get held(): number {
    return this.#end - this.#start;
  }

  /** Gets bytes into the window; false if the archive ends before there are so many. */
  async fill(count: number): Promise<boolean> {
    if (this.held >= count) return true;
    this.#makeRoom(count);
    while (this.held < count) {
      const wanted = Math.max(count - this.held, this.#nextRead);
      this.#nextRead = Math.min(this.#nextRead * 2, CAPACITY);
      const space = this.#buffer.subarray(this.#end, Math.min(this.#end + wanted, this.#buffer.length));
      const got = await this.input.read(space, this.#base + this.#end);
      if (got === 0) return false;
      this.#end += got;
    }
    return true;
  }

  /** The next bytes, which {@link fill} has got. They are right until the window moves. */
  view(count: number): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#start + count);
  }

  /** All that is held, from {@link start} on, without the cost of a view. Right until the window moves. */
  get bytes(): Uint8Array {
    return this.#buffer;
  }

  /** The same bytes as {@link bytes}, to be read as numbers. */
  get words(): DataView {
    return this.#words;
  }

  /** Where the next byte stands in {@link bytes}. */
  get start(): number {
    return this.#start;
  }

  /** Moves past bytes that are in the window. */
  advance(count: number): void {
    this.#start += count;
  }

  /**
   * Moves past bytes, in the window or not.
   * @throws ArchiveError if the archive ends before that
   */
  async skip(count: number): Promise<void> {
    if (count <= this.held) {
      this.advance(count);
      return;
    }
    const { size } = this.input;
    if (size === undefined) await this.#readPast(count);
    else if (this.position + count > size) throw truncated(size);
    else this.seek(this.position + count);
  }

  /** Moves anywhere; only where the input has a size, or within the window. */
  seek(position: number): void {
    const start = position - this.#base;
    if (start >= 0 && start <= this.#end) {
      this.#start = start;
      return;
    }
    const jump = position - (this.#base + this.#end);
    this.#base = position;
    this.#start = 0;
    this.#end = 0;
    if (jump < 0 || jump > LONG_JUMP) this.#nextRead = FIRST_READ;
  }

  /** Some of the next bytes, as a copy, and moves past them. @throws ArchiveError at the archive's end */
  async take(limit: number): Promise<Uint8Array> {
    if (this.held === 0 && !(await this.fill(1))) throw truncated(this.position);
    const bytes = new Uint8Array(this.view(Math.min(limit, this.held)));
    this.advance(bytes.length);
    return bytes;
  }

  async #readPast(count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      if (this.held === 0 && !(await this.fill(1))) throw truncated(this.position);
      const step = Math.min(left, this.held);
      this.advance(step);
      left -= step;
    }
  }

  #makeRoom(count: number): void {
    const held = this.view(this.held);
    if (count > this.#buffer.length) {
      const larger = Buffer.from(new ArrayBuffer(count));
      larger.set(held);
      this.#buffer = larger;
      this.#words = new DataView(larger.buffer);
    } else {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    }
    this.#base += this.#start;
    this.#end = held.length;
    this.#start = 0;
  }
}

/** The archive ends in the middle of something. */
export function truncated(offset: number): ArchiveError {
  return new ArchiveError('truncated', offset, 'the archive is cut off');
}
