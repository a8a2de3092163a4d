import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isErrno } from '../../ipc/errors.ts';
import { encodeText } from '../../ipc/text.ts';
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

  /** Saves a file or a tree. Nothing is saved of what is not there. @param path below the source */
  async save(path: string): Promise<void> {
    const from = path === '' ? this.#source : `${this.#source}/${path}`;
    try {
      const { type } = await this.#files.lstat(from);
      const to = path === '' ? this.#name : path;
      if (type === 'file') await this.#copy(from, to);
      else if (type === 'symlink') await this.#copyLink(from, to);
      else
        for await (const { name } of this.#files.readdir(from))
          await this.save(path === '' ? name : `${path}/${name}`);
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }

  async #copyLink(from: string, path: string): Promise<void> {
    const to = await this.#placeFor(path);
    await fs.symlink(Buffer.from(encodeText(await this.#files.readlink(from))), to).catch(ignoreExisting);
    await this.#noteCopy(path);
  }

  /** Where a copy goes; the directories above it are there. */
  async #placeFor(path: string): Promise<Buffer> {
    const to = Buffer.from(encodeText(join(this.#directory, path)));
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
