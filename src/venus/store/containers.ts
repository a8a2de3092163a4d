import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { errno } from '../../ipc/errno.ts';
import { VenusError } from '../../ipc/errors.ts';
import { makeDirectory, syncDirectory } from '../../disk/durableDirectory.ts';
import { systemCode } from '../../disk/systemCode.ts';

/** Containers in one directory. */
const PER_DIRECTORY = 4096;
const ZEROS = new Uint8Array(64 * 1024);
/** Names of the directories and of the containers in them; what has another name is not ours. */
const [PART, CONTAINER] = [/^[0-9a-f]{4,}$/, /^[0-9a-f]{8,}$/];

/**
 * The contents of files: one container file for each version of each file, named by a number. A container is
 * written once, and is on the disk, with its name, before any record mentions it; what no record mentions after a
 * crash is removed at the next start.
 */
export class Containers {
  readonly #directory: string;
  /** Who reads what all containers held when he came, in the order in which they came. */
  readonly #pins: { readonly removed: number[] }[] = [];
  #next: number;

  private constructor(directory: string, next: number) {
    this.#directory = directory;
    this.#next = next;
  }

  /** @param inUse whether a record mentions a container */
  static async open(directory: string, inUse: (id: number) => boolean): Promise<Containers> {
    await makeDirectory(directory);
    let largest = 0;
    for (const part of (await fs.readdir(directory)).filter((name) => PART.test(name))) {
      for (const name of (await fs.readdir(join(directory, part))).filter((name) => CONTAINER.test(name))) {
        const id = Number.parseInt(name, 16);
        if (!inUse(id)) await fs.rm(join(directory, part, name));
        largest = Math.max(largest, id);
      }
    }
    return new Containers(directory, largest + 1);
  }

  /** A new container, to be filled from the start. @throws VenusError ENOSPC */
  async create(): Promise<NewContainer> {
    const id = this.#next++;
    const path = this.#path(id);
    const directory = join(path, '..');
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY;
    return writing(async () => {
      await makeDirectory(directory);
      return new NewContainer(id, path, await fs.open(path, flags, 0o600));
    });
  }

  /**
   * The contents, which stay readable by the handle even when the container is removed.
   * @returns undefined if it has been removed
   */
  async open(id: number): Promise<fs.FileHandle | undefined> {
    try {
      return await fs.open(this.#path(id), 'r');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Removes a container that no record mentions any more; while a pin holds it, when that is released. */
  async remove(id: number): Promise<void> {
    const last = this.#pins.at(-1);
    if (last) last.removed.push(id);
    else await fs.rm(this.#path(id), { force: true });
  }

  /** Keeps what is removed from now on. @returns what releases it */
  pin(): () => Promise<void> {
    const pin = { removed: [] };
    this.#pins.push(pin);
    return async () => {
      const at = this.#pins.indexOf(pin);
      if (at < 0) return;
      this.#pins.splice(at, 1);
      // Those who came before may read them, too; those who came later cannot know them.
      const before = this.#pins[at - 1];
      if (before) for (const id of pin.removed) before.removed.push(id);
      else for (const id of pin.removed) await fs.rm(this.#path(id), { force: true });
    };
  }

  #path(id: number): string {
    const part = Math.floor(id / PER_DIRECTORY);
    return join(this.#directory, part.toString(16).padStart(4, '0'), id.toString(16).padStart(8, '0'));
  }
}

/** A container that is being filled. */
export class NewContainer {
  readonly id: number;
  readonly #path: string;
  readonly #file: fs.FileHandle;
  #length = 0;
  #isOpen = true;
  #finished: Promise<void> = Promise.resolve();

  constructor(id: number, path: string, file: fs.FileHandle) {
    this.id = id;
    this.#path = path;
    this.#file = file;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** Whether nothing can be added any more. */
  get isFinished(): boolean {
    return !this.#isOpen;
  }

  /** Adds bytes at the end. Long stretches of zeros become holes. @throws VenusError ENOSPC, EFBIG */
  async append(bytes: Uint8Array): Promise<void> {
    if (!isZero(bytes)) await writing(() => this.#write(bytes));
    this.#length += bytes.length;
  }

  /** Adds a hole at the end. */
  skip(length: number): void {
    this.#length += length;
  }

  /** Takes all bytes out again. */
  async clear(): Promise<void> {
    await this.#file.truncate(0);
    this.#length = 0;
  }

  /** Brings contents and name to the disk, after which nothing is added. @throws VenusError ENOSPC, EFBIG */
  finish(): Promise<void> {
    if (!this.#isOpen) return this.#finished;
    this.#isOpen = false;
    this.#finished = this.#bringToDisk();
    return this.#finished;
  }

  async #bringToDisk(): Promise<void> {
    await writing(async () => {
      try {
        await this.#file.truncate(this.#length);
        await this.#file.sync();
      } finally {
        await this.#file.close();
      }
      await syncDirectory(join(this.#path, '..'));
    });
  }

  async abandon(): Promise<void> {
    if (this.#isOpen) await this.#file.close();
    this.#isOpen = false;
    await fs.rm(this.#path, { force: true });
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#length + at);
      at += bytesWritten;
    }
  }
}

/** A disk that takes no more is an answer; whatever else goes wrong is a fault. */
async function writing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = systemCode(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT' && code !== 'EFBIG') throw error;
    const advice = {
      why: `The disk takes no more: ${String(error)}`,
      next: 'Make room on it, then do it again.',
    };
    throw new VenusError(errno(code === 'EFBIG' ? 'EFBIG' : 'ENOSPC'), advice, { cause: error });
  }
}

function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}
