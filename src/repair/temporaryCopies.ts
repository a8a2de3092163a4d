import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileTree } from '../ipc/venus.ts';

/** A file as it was copied. */
export interface Copy {
  readonly file: string;
  /** Bytes. */
  readonly length: number;
  readonly isBinary: boolean;
  /** SHA-256 of the contents, hexadecimal. */
  readonly digest: string;
}

/** What is looked at to tell text from the rest. */
const PROBE = 8000;

/** Copies of files for the user's tools, in a private directory that is removed with them. */
export class TemporaryCopies {
  readonly #directory: string;
  #count = 0;

  static async make(): Promise<TemporaryCopies> {
    return new TemporaryCopies(await mkdtemp(join(tmpdir(), 'coda-repair-')));
  }

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Copies a file, however large it is.
   * @param path from the Coda root; undefined for an empty file
   * @param name for the copy; its directory tells whose it is
   */
  async add(files: FileTree, path: string | undefined, whose: string, name: string): Promise<Copy> {
    this.#count += 1;
    const directory = join(this.#directory, `${this.#count}-${fileNameOf(whose)}`);
    await mkdir(directory, { mode: 0o700 });
    const file = join(directory, fileNameOf(name));
    const handle = await open(file, 'wx', 0o600);
    const hash = createHash('sha256');
    let [length, isBinary] = [0, false];
    try {
      for await (const bytes of path === undefined ? [] : files.read(path)) {
        if (length < PROBE) isBinary ||= bytes.subarray(0, PROBE - length).includes(0);
        length += bytes.length;
        hash.update(bytes);
        await handle.writeFile(bytes);
      }
    } finally {
      await handle.close();
    }
    return { file, length, isBinary, digest: hash.digest('hex') };
  }

  remove(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }
}

/** A name that no program can take for an option or another directory. */
function fileNameOf(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]/g, '_').slice(-100);
  return /^[A-Za-z0-9_]/.test(plain) ? plain : `_${plain}`;
}
