import { constants, lstatSync, write } from 'node:fs';
import { type FileHandle, link, open, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../disk/durableDirectory.ts';
import { systemCode } from '../disk/systemCode.ts';
import { OutputClosedError } from '../term/terminal.ts';
import { UsageError } from './exitStatus.ts';
import { DumpFileError } from './dumpInput.ts';

/** Where a dump is written, front to back. */
export interface DumpOutput {
  write(bytes: Uint8Array): Promise<void>;
  /** All has been written: brings it to the disk, and gives it its name. @throws DumpFileError */
  commit(): Promise<void>;
  /** It will not be whole. @returns the name of the file in which what was written is kept, if one is */
  abandon(): Promise<string | undefined>;
}

const STDOUT = 1;

/**
 * Opens what a dump goes to, `-` for stdout. A file has its name only when it is whole: until then it is
 * `FILE.partial`, mode 0600.
 * @throws UsageError for a terminal, DumpFileError where there is a file already
 */
export async function openDumpOutput(
  typed: string,
  { replaces, isTerminal }: { readonly replaces: boolean; readonly isTerminal: boolean },
): Promise<DumpOutput> {
  if (typed === '-') {
    if (isTerminal)
      throw new UsageError('a dump is not for a terminal: name a file, or send it through a pipe');
    return new Stream(STDOUT, undefined);
  }
  const present = await stat(typed).catch((error: unknown) => absent(typed, error));
  if (present && !present.isFile()) {
    const device = await open(typed, 'w').catch((error: unknown) => unwritable(typed, error));
    return new Stream(device.fd, device);
  }
  if (present && !replaces)
    throw new DumpFileError(`${typed}: there is already a file`, { next: 'Add --force to replace it.' });
  return NewFile.open(typed, replaces);
}

/** A pipe, a device or another thing that is not ours to name. */
class Stream implements DumpOutput {
  readonly #fd: number;
  readonly #handle: FileHandle | undefined;

  constructor(fd: number, handle: FileHandle | undefined) {
    this.#fd = fd;
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await writeSome(this.#fd, bytes.subarray(at));
  }

  async commit(): Promise<void> {
    await this.#handle?.close();
  }

  async abandon(): Promise<undefined> {
    await this.#handle?.close();
  }
}

class NewFile implements DumpOutput {
  readonly #name: string;
  readonly #partial: string;
  readonly #file: FileHandle;
  readonly #replaces: boolean;
  #size = 0;

  static async open(name: string, replaces: boolean): Promise<NewFile> {
    const partial = `${name}.partial`;
    try {
      // What a run before this one has left.
      await rm(partial, { force: true });
      const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
      return new NewFile(name, partial, await open(partial, flags, 0o600), replaces);
    } catch (error) {
      return unwritable(partial, error);
    }
  }

  private constructor(name: string, partial: string, file: FileHandle, replaces: boolean) {
    this.#name = name;
    this.#partial = partial;
    this.#file = file;
    this.#replaces = replaces;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at);
        at += bytesWritten;
        this.#size += bytesWritten;
      }
    } catch (error) {
      unwritable(this.#partial, error);
    }
  }

  async commit(): Promise<void> {
    try {
      await this.#file.sync();
      await this.#checkMine();
      if (this.#replaces) await rename(this.#partial, this.#name);
      else {
        await link(this.#partial, this.#name);
        await unlink(this.#partial);
      }
      await this.#file.close();
      await syncDirectory(dirname(this.#name));
    } catch (error) {
      if (error instanceof DumpFileError) throw error;
      unwritable(this.#name, error);
    }
  }

  async abandon(): Promise<string | undefined> {
    await this.#file.close().catch(() => undefined);
    if (this.#size > 0) return this.#partial;
    await rm(this.#partial, { force: true });
    return undefined;
  }

  /** Another run may write to the same name, and have begun later. */
  async #checkMine(): Promise<void> {
    const [mine, named] = [await this.#file.stat(), lstatSync(this.#partial, { throwIfNoEntry: false })];
    if (named?.ino === mine.ino && named.dev === mine.dev) return;
    throw new DumpFileError(`${this.#partial}: another program has replaced it`, {
      why: 'Two dumps went to the same file at the same time.',
    });
  }
}

function writeSome(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const attempt = () =>
      write(fd, bytes, 0, bytes.length, null, (error, size) => {
        const code = error ? systemCode(error) : undefined;
        // A pipe that somebody made non-blocking is full.
        if (code === 'EAGAIN') setTimeout(attempt, 2);
        else if (code === 'EPIPE') reject(new OutputClosedError());
        else if (error) reject(error);
        else resolve(size);
      });
    attempt();
  });
}

function absent(name: string, error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') unwritable(name, error);
}

function unwritable(name: string, cause: unknown): never {
  const why = cause instanceof Error ? cause.message : String(cause);
  throw new DumpFileError(`${name}: cannot be written`, { why }, { cause });
}
