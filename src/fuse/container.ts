import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes given to venus at a time. */
const PART = 256 * 1024;
const OWN_ONLY = 0o600;

/** Where open files are kept: a directory of its own that only this user can look into. */
export class Containers {
  readonly #directory: string;
  #made = 0;

  /** @param parent where there is room for whole files */
  constructor(parent: string) {
    this.#directory = mkdtempSync(join(parent, 'coda-mount-'));
  }

  /** An empty one. It has no name, so that nothing is left of it whatever happens to this process. */
  make(): Container {
    this.#made += 1;
    const path = join(this.#directory, String(this.#made));
    const fd = openSync(path, 'wx+', OWN_ONLY);
    unlinkSync(path);
    return new Container(fd);
  }

  end(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The contents of a file while it is open here: what was fetched, with what was written since. */
export class Container {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get length(): number {
    return fstatSync(this.#fd).size;
  }

  /** Milliseconds since 1970 of the last write. */
  get modified(): number {
    return fstatSync(this.#fd).mtimeMs;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, offset));
  }

  write(bytes: Uint8Array, offset: number): void {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
  }

  truncate(length: number): void {
    ftruncateSync(this.#fd, length);
  }

  async fill(contents: AsyncIterable<Uint8Array>): Promise<void> {
    let offset = 0;
    for await (const part of contents) {
      this.write(part, offset);
      offset += part.length;
    }
  }

  /** All of it: at once where it is short. */
  contents(): AsyncIterable<Uint8Array> | Uint8Array {
    const { length } = this;
    return length <= PART ? this.read(0, length) : this.#parts(length);
  }

  close(): void {
    closeSync(this.#fd);
  }

  async *#parts(length: number): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < length;) {
      const part = this.read(offset, Math.min(PART, length - offset));
      if (part.length === 0) return;
      yield await Promise.resolve(part);
      offset += part.length;
    }
  }
}
