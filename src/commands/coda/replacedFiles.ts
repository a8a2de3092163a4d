import * as fs from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isErrno } from '../../ipc/errors.ts';
import { encodeText } from '../../ipc/text.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { Surroundings } from '../context.ts';

/** Copies of what the servers had before it was replaced, as ordinary files that only their owner reads. */
export class ReplacedFiles {
  readonly #directory: string;
  readonly #files: FileTree;
  readonly #source: string;
  #hasAny = false;

  /** @param source the directory of Coda whose files are replaced */
  constructor({ env, now }: Surroundings, files: FileTree, source: string) {
    const state = env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
    const day = new Date(now()).toISOString().replace(/[:.]/g, '-');
    this.#directory = join(state, 'coda', 'replaced', day);
    this.#files = files;
    this.#source = source;
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
      if (type === 'file') await this.#copy(from, path === '' ? 'file' : path);
      if (type !== 'directory') return;
      for await (const { name } of this.#files.readdir(from)) await this.save(`${path}/${name}`);
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }

  async #copy(from: string, path: string): Promise<void> {
    const to = Buffer.from(encodeText(join(this.#directory, path)));
    await fs.mkdir(Buffer.from(encodeText(dirname(join(this.#directory, path)))), {
      recursive: true,
      mode: 0o700,
    });
    const file = await openNew(to);
    // What was there at first is there already.
    if (!file) return;
    try {
      for await (const bytes of this.#files.read(from)) await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    this.#hasAny = true;
  }
}

async function openNew(path: Buffer): Promise<fs.FileHandle | undefined> {
  try {
    return await fs.open(path, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
    throw error;
  }
}
