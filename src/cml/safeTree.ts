/** A directory of the disk in which names never lead anywhere else, whoever changes links in it meanwhile. */
import {
  type Stats,
  closeSync,
  constants,
  fchmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { decodeText } from '../ipc/text.ts';
import { systemCode } from '../disk/systemCode.ts';
import { diskPath } from './diskPath.ts';
import { UnsafeNameError } from './entryPath.ts';

const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const MAKE_FILE = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
/** Of directories that are made on the way, as the archive does not say more. */
const DIRECTORY_MODE = 0o755;
const PART = /^\.coda-rescue-(\d+)$/;

/** The parts of a name in the tree. */
export type Place = readonly string[];

/**
 * The system has openat for this; Node has not, but `/proc/self/fd/N/name` is the same: it starts at an open directory.
 * Each part of a name is opened by itself, without following links.
 */
export class SafeTree {
  readonly #root: number;
  #current: { readonly key: string; readonly fd: number } | undefined;
  readonly #part = `.coda-rescue-${process.pid}`;

  /** @param directory made if it is not there; links on the way to it are followed, as the user named it */
  constructor(directory: string) {
    mkdirSync(diskPath(directory), { recursive: true });
    this.#root = openSync(diskPath(directory), constants.O_RDONLY | constants.O_DIRECTORY);
    this.#removeLeftParts();
  }

  /** Makes the directories that a name is in. @throws UnsafeNameError where a link or a file stands in the way */
  makeParents(place: Place): void {
    this.#enter(place.slice(0, -1), true);
  }

  /** What is there now; undefined for nothing. */
  status(place: Place): Stats | undefined {
    return lstatSync(this.#pathOf(place), { throwIfNoEntry: false });
  }

  target(place: Place): string {
    return decodeText(readlinkSync(this.#pathOf(place), { encoding: 'buffer' }));
  }

  /** Opens a file for reading; a link is refused. */
  openFile(place: Place): number {
    return openSync(this.#pathOf(place), OPEN_FILE);
  }

  makeDirectory(place: Place, mode: number): void {
    const path = this.#pathOf(place);
    mkdirSync(path, 0o700);
    const fd = openSync(path, OPEN_DIRECTORY);
    try {
      fchmodSync(fd, mode);
    } finally {
      closeSync(fd);
    }
  }

  /** A new file that has no name in the tree yet; {@link putPart} gives it one. There is one at a time. */
  openPart(): number {
    this.dropPart();
    return openSync(this.#partPath(), MAKE_FILE, 0o600);
  }

  makePartLink(target: string): void {
    this.dropPart();
    symlinkSync(diskPath(target), this.#partPath());
  }

  makePartName(file: Place): void {
    this.dropPart();
    linkSync(this.#pathOf(file), this.#partPath());
  }

  /** Gives the part its name, at once and as a whole. @throws EEXIST for a name that is taken, unless it may replace */
  putPart(place: Place, replace: boolean): void {
    if (replace) {
      renameSync(this.#partPath(), this.#pathOf(place));
      // Two names of one file stay both.
      this.dropPart();
      return;
    }
    linkSync(this.#partPath(), this.#pathOf(place));
    unlinkSync(this.#partPath());
  }

  dropPart(): void {
    rmSync(this.#partPath(), { force: true });
  }

  close(): void {
    this.dropPart();
    if (this.#current !== undefined) closeSync(this.#current.fd);
    closeSync(this.#root);
  }

  /** The system's path, through an open directory: no part of it but the last can be a link. It is right until the next. */
  #pathOf(place: Place): Buffer {
    return within(this.#enter(place.slice(0, -1), false), place.at(-1) ?? '.');
  }

  #partPath(): Buffer {
    return within(this.#root, this.#part);
  }

  /** Opens a directory of the tree; the one opened last is kept, as entries come by directories. */
  #enter(parts: readonly string[], make: boolean): number {
    if (parts.length === 0) return this.#root;
    const key = parts.join('/');
    if (this.#current?.key === key) return this.#current.fd;
    let fd = this.#root;
    for (const part of parts) {
      const next = openPart(fd, part, make);
      if (fd !== this.#root) closeSync(fd);
      fd = next;
    }
    if (this.#current !== undefined) closeSync(this.#current.fd);
    this.#current = { key, fd };
    return fd;
  }

  /** Parts of runs that were killed. */
  #removeLeftParts(): void {
    for (const name of readdirSync(`/proc/self/fd/${this.#root}`)) {
      const [, pid] = PART.exec(name) ?? [];
      if (pid !== undefined && !isRunning(Number(pid))) rmSync(within(this.#root, name), { force: true });
    }
  }
}

function openPart(directory: number, name: string, make: boolean): number {
  const path = within(directory, name);
  for (;;) {
    try {
      return openSync(path, OPEN_DIRECTORY);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOENT' && make) makeIfAbsent(path);
      else if (code === 'ELOOP' || code === 'ENOTDIR') {
        throw new UnsafeNameError(name, 'a link or a file stands where a directory must be');
      } else throw error;
    }
  }
}

function makeIfAbsent(path: Buffer): void {
  try {
    mkdirSync(path, DIRECTORY_MODE);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

function within(directory: number, name: string): Buffer {
  return diskPath(`/proc/self/fd/${directory}/${name}`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
