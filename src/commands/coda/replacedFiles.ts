import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isErrno } from '../../ipc/errors.ts';
import { decodeText, encodeText } from '../../ipc/text.ts';
import type { FileTree } from '../../ipc/venus.ts';
import { makeDirectory, syncDirectory } from '../../disk/durableDirectory.ts';
import type { Surroundings } from '../context.ts';
import { systemCode } from '../../disk/systemCode.ts';

/** Copies of what the servers had before it was replaced, as ordinary files that only their owner reads. */
export class ReplacedFiles {
  readonly #directory: string;
  readonly #files: FileTree;
  readonly #source: string;
  readonly #name: string;
  #hasAny = false;

  /**
   * @param source the object of Coda that is replaced, or whose files are
   * @param name of the copy of the source itself
   */
  constructor({ env, now }: Surroundings, files: FileTree, source: string, name: string) {
    const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
    const day = new Date(now()).toISOString().replace(/[:.]/g, '-');
    this.#directory = join(state, 'coda', 'replaced', `${day}-${randomBytes(3).toString('hex')}`);
    this.#files = files;
    this.#source = source;
    this.#name = name;
  }

  /** Where they are; undefined as long as there are none. */
  get directory(): string | undefined {
    return this.#hasAny ? this.#directory : undefined;
  }

  /**
   * Saves a file or a tree. Nothing is saved of what is not there.
   * @param path below the source
   * @param to the path of the copy, if another one
   */
  async save(path: string, to = path === '' ? this.#name : path): Promise<void> {
    const from = path === '' ? this.#source : `${this.#source}/${path}`;
    try {
      const { type } = await this.#files.lstat(from);
      if (type === 'file') await this.#copy(from, to);
      else if (type === 'symlink') await this.#copyLink(from, to);
      else
        for await (const { name } of this.#files.readdir(from))
          await this.save(path === '' ? name : `${path}/${name}`);
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }

  /** Saves the version that one server has of a source that is a file: below the server, by the name of the source. */
  saveVersion(server: string): Promise<void> {
    return this.save(server, `${server}/${this.#name}`);
  }

  /** The contents of a copy. */
  async *read(path: string): AsyncGenerator<Uint8Array> {
    const file = await fs.open(this.#placeOf(path), 'r');
    try {
      for await (const bytes of file.createReadStream({ autoClose: false }))
        if (bytes instanceof Uint8Array) yield bytes;
    } finally {
      await file.close();
    }
  }

  async readlink(path: string): Promise<string> {
    return decodeText(await fs.readlink(this.#placeOf(path), { encoding: 'buffer' }));
  }

  /** Forgets a copy that is in Coda again. */
  async forget(path: string): Promise<void> {
    await fs.rm(this.#placeOf(path));
    // The directories above stay as long as there is something else in them.
    for (
      let above = dirname(join(this.#directory, path));
      above.startsWith(this.#directory);
      above = dirname(above)
    )
      try {
        await fs.rmdir(Buffer.from(encodeText(above)));
      } catch (error) {
        if (systemCode(error) !== 'ENOTEMPTY') throw error;
        return;
      }
    this.#hasAny = false;
  }

  #placeOf(path: string): Buffer {
    return Buffer.from(encodeText(join(this.#directory, path)));
  }

  async #copyLink(from: string, path: string): Promise<void> {
    const to = await this.#placeFor(path);
    await fs.symlink(Buffer.from(encodeText(await this.#files.readlink(from))), to).catch(ignoreExisting);
    await this.#noteCopy(path);
  }

  /** Where a copy goes; the directories above it are there. */
  async #placeFor(path: string): Promise<Buffer> {
    const to = this.#placeOf(path);
    const above = Buffer.from(encodeText(dirname(join(this.#directory, path))));
    await makeDirectory(above);
    return to;
  }

  async #copy(from: string, path: string): Promise<void> {
    const to = await this.#placeFor(path);
    const file = await openNew(to);
    // What was there at first is there already.
    if (!file) return;
    try {
      for await (const bytes of this.#files.read(from)) await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#noteCopy(path);
  }

  /** Nothing is replaced before its copy is on the disk, with its name. */
  async #noteCopy(path: string): Promise<void> {
    await syncDirectory(Buffer.from(encodeText(dirname(join(this.#directory, path)))));
    this.#hasAny = true;
  }
}

async function openNew(path: Buffer): Promise<fs.FileHandle | undefined> {
  try {
    return await fs.open(path, 'wx', 0o600);
  } catch (error) {
    ignoreExisting(error);
    return undefined;
  }
}

function ignoreExisting(error: unknown): void {
  if (systemCode(error) !== 'EEXIST') throw error;
}
