/** Puts the entries of a checkpoint back into Coda, and compares them with what is there. */
import { joinPath } from '../ipc/codaPath.ts';
import { type CodaError, VenusError, isErrno } from '../ipc/errors.ts';
import type { FileStatus, FileTree } from '../ipc/venus.ts';
import type { ArchiveReader } from './archive/archiveReader.ts';
import type { ArchiveEntry, HardlinkEntry } from './archive/entry.ts';
import { UnsafeNameError, safeParts } from './entryPath.ts';

/** Something in Coda that an entry of the archive differs from. */
export interface Difference {
  readonly entry: ArchiveEntry;
  /** Path of what is in Coda, from the Coda root. */
  readonly path: string;
  readonly there: FileStatus;
}

/** What became of an entry. */
export interface Replayed {
  readonly entry: ArchiveEntry;
  /** `identical`: Coda had it already. `kept`: what differs in Coda was not to be replaced. */
  readonly outcome: 'made' | 'replaced' | 'identical' | 'kept' | 'failed';
  readonly error?: CodaError;
}

export interface ReplayTarget {
  readonly files: FileTree;
  /** Path of the directory that takes the place of the volume's root. */
  readonly root: string;
}

/** Of directories that the archive does not hold because they were there before the log (spec/cml.md, 5.3). */
const DIRECTORY_MODE = 0o755;
const PLAIN_PERMISSIONS = 0o777;

/** One run over an archive: what it finds, compares and makes. */
export class Replay {
  readonly #files: FileTree;
  readonly #root: string;
  /** Directories that are known to be directories: nothing is written through a link. */
  readonly #directories = new Set<string>();

  constructor({ files, root }: ReplayTarget) {
    this.#files = files;
    this.#root = root;
    this.#directories.add(root);
  }

  /**
   * Replays what is left in the archive. What is the same in Coda is passed over, so that an interrupted run is resumed
   * by doing it again.
   * @param mayReplace decides about each thing that differs
   * @throws ArchiveError; errors after which venus answers nothing else (time limit, no venus)
   */
  async *run(
    reader: ArchiveReader,
    mayReplace: (difference: Difference) => Promise<boolean>,
  ): AsyncGenerator<Replayed> {
    for (let read = await reader.next(); read; read = await reader.next()) {
      const { entry } = read;
      yield await orFailure(entry, async () => this.#replay(entry, reader, mayReplace));
    }
  }

  /** Compares what is left in the archive with Coda; gives what differs, or is not there, as failed. */
  async *compare(reader: ArchiveReader, except: ReadonlySet<string>): AsyncGenerator<Replayed> {
    for (let read = await reader.next(); read; read = await reader.next()) {
      const { entry } = read;
      if (except.has(entry.name)) continue;
      const compared = await orFailure(entry, async () => {
        const path = this.#pathOf(entry.name);
        const there = await this.#lstat(path);
        const isSame = there !== undefined && (await this.#isSame(entry, path, there, reader));
        return isSame ? 'identical' : 'kept';
      });
      if (compared.outcome !== 'identical') yield { ...compared, outcome: 'failed' };
    }
  }

  async #replay(
    entry: ArchiveEntry,
    reader: ArchiveReader,
    mayReplace: (difference: Difference) => Promise<boolean>,
  ): Promise<Replayed['outcome']> {
    const path = this.#pathOf(entry.name);
    await this.#makeParents(safeParts(entry.name));
    const there = await this.#lstat(path);
    if (there === undefined) {
      await this.#make(entry, path, reader, true);
      return 'made';
    }
    if (await this.#isSame(entry, path, there, reader)) return 'identical';
    if (!(await mayReplace({ entry, path, there }))) return 'kept';
    const isInPlace = entry.type === 'file' && there.type === 'file';
    if (!isInPlace) await this.#files.remove(path);
    await this.#make(entry, path, reader, !isInPlace);
    return 'replaced';
  }

  async #make(entry: ArchiveEntry, path: string, reader: ArchiveReader, isNew: boolean): Promise<void> {
    const mode = entry.mode & PLAIN_PERMISSIONS;
    switch (entry.type) {
      case 'file':
        return this.#files.write(path, reader.contents(), { mode, exclusive: isNew });
      case 'directory':
        return this.#files.mkdir(path, mode);
      case 'symlink':
        return this.#files.symlink(path, entry.target);
      case 'hardlink':
        return this.#files.link(await this.#fileOf(entry), path);
    }
  }

  async #isSame(
    entry: ArchiveEntry,
    path: string,
    there: FileStatus,
    reader: ArchiveReader,
  ): Promise<boolean> {
    switch (entry.type) {
      case 'directory':
        return there.type === 'directory';
      case 'symlink':
        return there.type === 'symlink' && (await this.#files.readlink(path)) === entry.target;
      case 'hardlink':
        return (await this.#files.lstat(await this.#fileOf(entry))).identity === there.identity;
      case 'file':
        if (there.type !== 'file' || there.length !== entry.size) return false;
        return haveSameBytes(this.#files.read(path), reader.contents());
    }
  }

  /** The file that a hard link is a further name of. */
  async #fileOf({ target }: HardlinkEntry): Promise<string> {
    const path = this.#pathOf(target);
    const { type } = await this.#files.lstat(path);
    if (type === 'file') return path;
    throw new UnsafeNameError(target, 'the file of a hard link is no file');
  }

  #pathOf(name: string): string {
    return safeParts(name).reduce(joinPath, this.#root);
  }

  async #makeParents(parts: readonly string[]): Promise<void> {
    let path = this.#root;
    for (const part of parts.slice(0, -1)) {
      path = joinPath(path, part);
      if (this.#directories.has(path)) continue;
      const there = await this.#lstat(path);
      if (there === undefined) await this.#files.mkdir(path, DIRECTORY_MODE);
      else if (there.type !== 'directory') {
        throw new UnsafeNameError(part, 'a link or a file stands where a directory must be');
      }
      this.#directories.add(path);
    }
  }

  async #lstat(path: string): Promise<FileStatus | undefined> {
    try {
      return await this.#files.lstat(path);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
  }
}

/** What goes wrong with one entry is told of it, and the others are gone on with. */
async function orFailure(entry: ArchiveEntry, work: () => Promise<Replayed['outcome']>): Promise<Replayed> {
  try {
    return { entry, outcome: await work() };
  } catch (error) {
    const isOfEntry = error instanceof VenusError || error instanceof UnsafeNameError;
    if (isOfEntry && !isErrno(error, 'ETIMEDOUT', 'EAGAIN', 'ENOTCONN'))
      return { entry, outcome: 'failed', error };
    throw error;
  }
}

/** Compares two contents that come in chunks of any sizes. */
export async function haveSameBytes(
  one: AsyncIterable<Uint8Array>,
  other: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  const others = other[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  try {
    for await (const bytes of one) {
      for (let at = 0; at < bytes.length;) {
        if (rest.length === 0) {
          const next = await others.next();
          if (next.done) return false;
          rest = Buffer.from(next.value);
        }
        const count = Math.min(rest.length, bytes.length - at);
        if (rest.compare(bytes, at, at + count, 0, count) !== 0) return false;
        rest = rest.subarray(count);
        at += count;
      }
    }
    return rest.length === 0 && (await others.next()).done === true;
  } finally {
    await others.return?.();
  }
}
