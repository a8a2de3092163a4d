import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { diskPath } from '../../../cml/diskPath.ts';
import { systemCode } from '../../../disk/systemCode.ts';
import { decodeText } from '../../../ipc/text.ts';

/** What a candidate's bytes are written to. */
export interface Sink {
  append(bytes: Uint8Array): Promise<void>;
  /** Takes back all that was appended. */
  clear(): Promise<void>;
}

/** A file that may have contents which somebody looks for. */
interface Candidate {
  readonly path: string;
  /** Of its contents, when it was last looked at: SHA-256, in hexadecimal digits. */
  known: { readonly identity: string; readonly sha256: string } | undefined;
}

/** No link is followed, and what is no file any more (a FIFO) stops nobody. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Bytes read at a time. */
const CHUNK = 256 * 1024;

/** A directory of this machine whose files are taken instead of fetched ones, where they have the same contents. */
export class LookasidePlace {
  readonly path: string;
  /** Files in it. */
  readonly entries: number;
  /** How often a file of it could have been the one. */
  attempts = 0;
  /** How often one was. */
  hits = 0;
  /** How often one changed while it was copied. */
  failures = 0;
  readonly #byLength: ReadonlyMap<number, readonly Candidate[]>;

  /** Looks through a directory tree, without following links. @throws system errors where the directory cannot be read */
  static async index(path: string): Promise<LookasidePlace> {
    const byLength = new Map<number, Candidate[]>();
    for await (const { name, length } of filesBelow(path, true)) {
      const known = byLength.get(length);
      const candidate = { path: name, known: undefined };
      if (known) known.push(candidate);
      else byLength.set(length, [candidate]);
    }
    return new LookasidePlace(path, byLength);
  }

  private constructor(path: string, byLength: ReadonlyMap<number, readonly Candidate[]>) {
    this.path = path;
    this.#byLength = byLength;
    this.entries = [...byLength.values()].reduce((sum, { length }) => sum + length, 0);
  }

  hasLength(length: number): boolean {
    return this.#byLength.has(length);
  }

  /** Copies the contents of a file that has this length and this digest, if there is one. @returns whether there was */
  async copy(length: number, sha256: string, sink: Sink): Promise<boolean> {
    const candidates = this.#byLength.get(length) ?? [];
    if (candidates.length > 0) this.attempts += 1;
    for (const candidate of candidates) {
      if (!(await this.#copyOne(candidate, length, sha256, sink))) continue;
      this.hits += 1;
      return true;
    }
    return false;
  }

  /** What was copied is compared, too: the file is somebody else's, and may change at any moment. */
  async #copyOne(candidate: Candidate, length: number, sha256: string, sink: Sink): Promise<boolean> {
    const file = await openFile(candidate.path);
    if (!file) return false;
    try {
      if ((await digestOf(candidate, file, length)) !== sha256) return false;
      if ((await readAll(file, length, (bytes) => sink.append(bytes))) === sha256) return true;
      this.failures += 1;
      candidate.known = undefined;
      await sink.clear();
      return false;
    } finally {
      await file.close();
    }
  }
}

async function digestOf(candidate: Candidate, file: FileHandle, length: number): Promise<string | undefined> {
  const { dev, ino, size, mtimeNs, ctimeNs, isFile } = await statusOf(file);
  if (!isFile || size !== BigInt(length)) return undefined;
  const identity = [dev, ino, mtimeNs, ctimeNs].join('.');
  if (candidate.known?.identity === identity) return candidate.known.sha256;
  const sha256 = await readAll(file, length, () => Promise.resolve());
  candidate.known = sha256 === undefined ? undefined : { identity, sha256 };
  return sha256;
}

async function statusOf(file: FileHandle) {
  const stats = await file.stat({ bigint: true });
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return { dev, ino, size, mtimeNs, ctimeNs, isFile: stats.isFile() };
}

/** @returns the digest; undefined if the file does not have so many bytes, or cannot be read */
async function readAll(
  file: FileHandle,
  length: number,
  take: (bytes: Uint8Array) => Promise<void>,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(Math.min(CHUNK, length));
  for (let done = 0; done < length;) {
    const bytes = await readSome(file, buffer, Math.min(buffer.length, length - done), done);
    if (!bytes) return undefined;
    hash.update(bytes);
    await take(bytes);
    done += bytes.length;
  }
  return hash.digest('hex');
}

async function readSome(
  file: FileHandle,
  buffer: Uint8Array,
  length: number,
  offset: number,
): Promise<Uint8Array | undefined> {
  try {
    const { bytesRead } = await file.read(buffer, 0, length, offset);
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** @returns undefined for what cannot be opened (any more) */
async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(diskPath(path), READ_ONLY);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

/** Empty files are passed over: they are never fetched. So are directories that cannot be read, but not the first. */
async function* filesBelow(
  directory: string,
  isFirst = false,
): AsyncGenerator<{ readonly name: string; readonly length: number }> {
  for (const { name, isFile, isDirectory } of await entriesOf(directory, isFirst)) {
    const path = join(directory, name);
    if (isDirectory) yield* filesBelow(path);
    else if (isFile) {
      const length = await lengthOf(path);
      if (length > 0) yield { name: path, length };
    }
  }
}

async function entriesOf(directory: string, isFirst: boolean) {
  try {
    const entries = await readdir(diskPath(directory), { withFileTypes: true, encoding: 'buffer' });
    return entries.map((entry) => ({
      name: decodeText(entry.name),
      isFile: entry.isFile(),
      isDirectory: entry.isDirectory(),
    }));
  } catch (error) {
    if (isFirst || systemCode(error) === undefined) throw error;
    return [];
  }
}

/** Bytes; 0 for what has gone meanwhile. */
async function lengthOf(path: string): Promise<number> {
  try {
    return (await lstat(diskPath(path))).size;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return 0;
  }
}
