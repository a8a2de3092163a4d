import { constants, createReadStream, type BigIntStats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { errno, errnoOfCode } from '../errno.ts';
import { VenusError } from '../errors.ts';
import { joinPath, splitPath } from '../codaPath.ts';
import { decodeText, encodeText } from '../text.ts';
import type {
  AttributeChange,
  DirectoryEntry,
  FileStatus,
  FileTree,
  FileType,
  WriteOptions,
} from '../venus.ts';

/** The file tree of a mounted Coda: ordinary system calls below the mount point. */
export class MountFiles implements FileTree {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  lstat(path: string): Promise<FileStatus> {
    return translated(async () => toStatus(await fs.lstat(this.#real(path), { bigint: true })));
  }

  resolve(path: string): Promise<{ path: string; status: FileStatus }> {
    return translated(async () => {
      const real = await fs.realpath(this.#real(path), 'buffer');
      const status = toStatus(await fs.lstat(real, { bigint: true }));
      const text = decodeText(real);
      const root = decodeText(await fs.realpath(Buffer.from(encodeText(this.#root)), 'buffer'));
      if (text !== root && !text.startsWith(`${root}/`)) throw new VenusError(errno('ENOENT'));
      return { path: text.slice(root.length) || '/', status };
    });
  }

  async *readdir(path: string): AsyncGenerator<DirectoryEntry> {
    const names = await translated(() => fs.readdir(this.#real(path), { encoding: 'buffer' }));
    for (const bytes of names) {
      const name = decodeText(bytes);
      const { type, identity } = await this.lstat(joinPath(path, name));
      yield { name, type, identity };
    }
  }

  readlink(path: string): Promise<string> {
    return translated(async () => decodeText(await fs.readlink(this.#real(path), 'buffer')));
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of createReadStream(this.#real(path))) yield chunk;
    } catch (error) {
      throw toVenusError(error);
    }
  }

  write(path: string, contents: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<void> {
    return translated(async () => {
      // A conflict looks like a link that leads nowhere, and is something too.
      const present = await fs.lstat(this.#real(path)).catch(() => undefined);
      if (present && options.exclusive) throw new VenusError(errno('EEXIST'));
      const before = await fs.stat(this.#real(path)).catch(() => undefined);
      if (before?.isDirectory()) throw new VenusError(errno('EISDIR'));
      const unfinished = this.#real(joinPath(splitPath(path).directory, unfinishedName()));
      const mode = before ? before.mode & 0o7777 : options.mode;
      const file = await fs.open(unfinished, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, mode);
      try {
        try {
          // The mode that a file has does not go by the umask.
          if (before) await file.chmod(mode);
          for await (const chunk of contents) await file.writeFile(chunk);
          await file.sync();
        } finally {
          await file.close();
        }
        await fs.rename(unfinished, this.#real(path));
      } catch (error) {
        await fs.rm(unfinished, { force: true });
        throw error;
      }
    });
  }

  mkdir(path: string, mode: number): Promise<void> {
    return translated(() => fs.mkdir(this.#real(path), { mode }).then(() => undefined));
  }

  symlink(path: string, target: string): Promise<void> {
    return translated(() => fs.symlink(Buffer.from(encodeText(target)), this.#real(path)));
  }

  link(existing: string, path: string): Promise<void> {
    return translated(() => fs.link(this.#real(existing), this.#real(path)));
  }

  rename(from: string, to: string): Promise<void> {
    return translated(() => fs.rename(this.#real(from), this.#real(to)));
  }

  remove(path: string): Promise<void> {
    return translated(async () => {
      const { type } = await this.lstat(path);
      await (type === 'directory' ? fs.rmdir(this.#real(path)) : fs.unlink(this.#real(path)));
    });
  }

  setattr(path: string, change: AttributeChange): Promise<void> {
    return translated(async () => {
      const real = this.#real(path);
      if (change.owner !== undefined) await fs.lchown(real, change.owner, -1);
      if (change.mode !== undefined) await fs.chmod(real, change.mode);
      if (change.modified !== undefined) {
        // Half a microsecond more: seconds as a double often fall short of their millisecond.
        const seconds = (change.modified + 0.0005) / 1000;
        await fs.lutimes(real, seconds, seconds);
      }
    });
  }

  #real(path: string): Buffer {
    return Buffer.from(encodeText(`${this.#root}${path}`));
  }
}

/** For a file that is being written. It says nothing of the file's own name, which may be as long as a name can be. */
function unfinishedName(): string {
  return `.unfinished.${process.pid}.${Math.floor(Math.random() * 2 ** 32).toString(16)}`;
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toVenusError(error);
  }
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
