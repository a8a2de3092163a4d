import { type BigIntStats, type Stats, constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { blockingWork } from '../blockingCalls.ts';
import { errno, errnoOfCode } from '../errno.ts';
import { VenusError } from '../errors.ts';
import { joinPath, splitPath } from '../codaPath.ts';
import { decodeText, encodeText } from '../text.ts';
import { type Milliseconds, withTimeLimit } from '../timeLimit.ts';
import type {
  AttributeChange,
  DirectoryEntry,
  FileStatus,
  FileTree,
  FileType,
  WriteOptions,
} from '../venus.ts';

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY;
/** Bytes read at a time. */
const FRAGMENT = 64 * 1024;

/**
 * The file tree of a mounted Coda: ordinary system calls below the mount point. A call that has not returned within the
 * limit is given up with a TimeLimitError; nothing can stop it (see blockingCalls.ts).
 */
export class MountFiles implements FileTree {
  readonly #root: string;
  readonly #timeLimit: Milliseconds;

  constructor(root: string, timeLimit: Milliseconds) {
    this.#root = root;
    this.#timeLimit = timeLimit;
  }

  lstat(path: string): Promise<FileStatus> {
    return this.#call('lstat', path, async (real) => toStatus(await fs.lstat(real, { bigint: true })));
  }

  resolve(path: string): Promise<{ path: string; status: FileStatus }> {
    return this.#call('realpath', path, async (typed) => {
      const real = await fs.realpath(typed, 'buffer');
      const status = toStatus(await fs.lstat(real, { bigint: true }));
      const text = decodeText(real);
      const root = decodeText(await fs.realpath(Buffer.from(encodeText(this.#root)), 'buffer'));
      if (text !== root && !text.startsWith(`${root}/`)) throw new VenusError(errno('ENOENT'));
      return { path: text.slice(root.length) || '/', status };
    });
  }

  async *readdir(path: string): AsyncGenerator<DirectoryEntry> {
    const names = await this.#call('readdir', path, (real) => fs.readdir(real, { encoding: 'buffer' }));
    for (const bytes of names) {
      const name = decodeText(bytes);
      const { type, identity } = await this.lstat(joinPath(path, name));
      yield { name, type, identity };
    }
  }

  readlink(path: string): Promise<string> {
    return this.#call('readlink', path, async (real) => decodeText(await fs.readlink(real, 'buffer')));
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const file = await this.#call('open', path, (real) => fs.open(real, 'r'));
    try {
      for (;;) {
        const { bytesRead, buffer } = await this.#call('read', path, () =>
          file.read(new Uint8Array(FRAGMENT), 0, FRAGMENT, null),
        );
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await this.#call('close', path, () => file.close());
    }
  }

  async write(path: string, contents: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<void> {
    const before = await this.#call('stat', path, (real) => fileToReplace(real, options));
    const unfinished = joinPath(splitPath(path).directory, unfinishedName());
    const mode = before ? before.mode & 0o7777 : options.mode;
    const file = await this.#call('open', unfinished, (real) => fs.open(real, CREATE, mode));
    try {
      try {
        // The mode that a file has does not go by the umask.
        if (before) await this.#call('chmod', unfinished, () => file.chmod(mode));
        for await (const chunk of contents)
          await this.#call('write', unfinished, () => file.writeFile(chunk));
        await this.#call('fsync', unfinished, () => file.sync());
      } finally {
        await this.#call('close', unfinished, () => file.close());
      }
      await this.#call('rename', path, (real) => fs.rename(this.#real(unfinished), real));
    } catch (error) {
      await this.#call('unlink', unfinished, (real) => fs.rm(real, { force: true }));
      throw error;
    }
  }

  async mkdir(path: string, mode: number): Promise<void> {
    await this.#call('mkdir', path, (real) => fs.mkdir(real, { mode }));
  }

  symlink(path: string, target: string): Promise<void> {
    return this.#call('symlink', path, (real) => fs.symlink(Buffer.from(encodeText(target)), real));
  }

  link(existing: string, path: string): Promise<void> {
    return this.#call('link', path, (real) => fs.link(this.#real(existing), real));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call('rename', from, (real) => fs.rename(real, this.#real(to)));
  }

  async remove(path: string): Promise<void> {
    const { type } = await this.lstat(path);
    await this.#call('unlink', path, (real) => (type === 'directory' ? fs.rmdir(real) : fs.unlink(real)));
  }

  setattr(path: string, change: AttributeChange): Promise<void> {
    return this.#call('setattr', path, async (real) => {
      if (change.owner !== undefined) await fs.lchown(real, change.owner, -1);
      if (change.mode !== undefined) await fs.chmod(real, change.mode);
      if (change.modified !== undefined) {
        // Half a microsecond more: seconds as a double often fall short of their millisecond.
        const seconds = (change.modified + 0.0005) / 1000;
        await fs.lutimes(real, seconds, seconds);
      }
    });
  }

  /** Runs system calls on a path, within the time limit. @throws VenusError with their errno; TimeLimitError */
  async #call<T>(name: string, path: string, work: (real: Buffer) => Promise<T>): Promise<T> {
    const real = this.#real(path);
    try {
      const what = () => `${name} of ${this.#root}${path}`;
      return await withTimeLimit(
        blockingWork(() => work(real)),
        this.#timeLimit,
        what,
      );
    } catch (error) {
      throw toVenusError(error);
    }
  }

  #real(path: string): Buffer {
    return Buffer.from(encodeText(`${this.#root}${path}`));
  }
}

/** For a file that is being written. It says nothing of the file's own name, which may be as long as a name can be. */
function unfinishedName(): string {
  return `.unfinished.${process.pid}.${Math.floor(Math.random() * 2 ** 32).toString(16)}`;
}

/** @returns the file that is there, if any */
async function fileToReplace(real: Buffer, { exclusive }: WriteOptions): Promise<Stats | undefined> {
  // A conflict looks like a link that leads nowhere, and is something too.
  const present = await fs.lstat(real).catch(() => undefined);
  if (present && exclusive) throw new VenusError(errno('EEXIST'));
  const before = await fs.stat(real).catch(() => undefined);
  if (before?.isDirectory()) throw new VenusError(errno('EISDIR'));
  return before;
}

function toVenusError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof VenusError || !('code' in error)) return error;
  const number = typeof error.code === 'string' ? errnoOfCode(error.code) : undefined;
  return number === undefined ? error : new VenusError(number, {});
}

function toStatus(stats: BigIntStats): FileStatus {
  return {
    type: typeOf(stats),
    length: Number(stats.size),
    mode: Number(stats.mode) & 0o7777,
    linkCount: Number(stats.nlink),
    owner: Number(stats.uid),
    modified: Number(stats.mtimeMs),
    identity: `${stats.dev}:${stats.ino}`,
  };
}

function typeOf(stats: BigIntStats): FileType {
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'file';
}
