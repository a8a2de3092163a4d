import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

/** One thing that is done below a directory. Names are few, so that steps meet each other. */
export type Step =
  | { readonly do: 'write'; readonly name: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly do: 'replace'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly do: 'append'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly do: 'truncate'; readonly name: string; readonly length: number }
  | {
      readonly do: 'read' | 'mkdir' | 'rmdir' | 'unlink' | 'list' | 'stat' | 'readlink';
      readonly name: string;
    }
  | { readonly do: 'rename' | 'symlink'; readonly name: string; readonly other: string }
  | { readonly do: 'chmod'; readonly name: string; readonly mode: number }
  | { readonly do: 'times'; readonly name: string; readonly seconds: number }
  /** A descriptor that stays open while other steps go on. */
  | { readonly do: 'open'; readonly name: string; readonly slot: number; readonly flags: number }
  | { readonly do: 'writeOpen'; readonly slot: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly do: 'readOpen' | 'closeOpen' | 'fsyncOpen' | 'statOpen'; readonly slot: number }
  | { readonly do: 'truncateOpen'; readonly slot: number; readonly length: number };

const { O_RDONLY, O_RDWR, O_CREAT, O_TRUNC, O_EXCL, O_APPEND, O_WRONLY } = fs.constants;
const FLAGS = [
  O_RDONLY,
  O_RDWR,
  O_RDWR | O_CREAT,
  O_RDWR | O_CREAT | O_TRUNC,
  O_RDWR | O_CREAT | O_EXCL,
  O_WRONLY | O_CREAT | O_APPEND,
];

const part = fc.constantFrom('a', 'b', 'c');
const name = fc.oneof(
  part,
  fc.tuple(part, part).map(([one, two]) => `${one}/${two}`),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.integer({ min: 1, max: 255 }).map((byte) => new Uint8Array(9000).fill(byte)),
);
const slot = fc.nat(2);
const [offset, length] = [fc.nat(12_000), fc.nat(12_000)];

export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), name, offset, bytes }),
  fc.record({ do: fc.constantFrom('replace' as const, 'append' as const), name, bytes }),
  fc.record({ do: fc.constant('truncate' as const), name, length }),
  fc.record({
    do: fc.constantFrom(
      ...(['read', 'mkdir', 'mkdir', 'rmdir', 'unlink', 'list', 'stat', 'readlink'] as const),
    ),
    name,
  }),
  fc.record({ do: fc.constantFrom(...(['rename', 'rename', 'symlink'] as const)), name, other: name }),
  fc.record({ do: fc.constant('chmod' as const), name, mode: fc.constantFrom(0o600, 0o644, 0o755) }),
  fc.record({ do: fc.constant('times' as const), name, seconds: fc.integer({ min: 1, max: 2 ** 31 - 1 }) }),
  fc.record({ do: fc.constant('open' as const), name, slot, flags: fc.constantFrom(...FLAGS) }),
  fc.record({ do: fc.constant('writeOpen' as const), slot, offset, bytes }),
  fc.record({
    do: fc.constantFrom(...(['readOpen', 'closeOpen', 'closeOpen', 'fsyncOpen', 'statOpen'] as const)),
    slot,
  }),
  fc.record({ do: fc.constant('truncateOpen' as const), slot, length }),
);

/** A directory in which steps are done, and what is open there. */
export class Place {
  readonly #root: string;
  readonly #open = new Map<number, number>();

  constructor(root: string) {
    fs.mkdirSync(root);
    this.#root = root;
  }

  /** Does a step. @returns what it showed, or the name of its errno: the same in every place, if they are alike */
  do(what: Step): string {
    try {
      return this.#run(what);
    } catch (error) {
      if (error instanceof Error && 'code' in error) return String(error.code);
      throw error;
    }
  }

  /** Everything that is there, and what is in it. */
  show(): string {
    const lines: string[] = [];
    for (const path of fs.readdirSync(this.#root, { recursive: true, encoding: 'utf8' }).sort()) {
      const full = join(this.#root, path);
      const { isDirectory, isSymbolicLink } = kindOf(full);
      const contents = isDirectory
        ? ''
        : isSymbolicLink
          ? fs.readlinkSync(full)
          : digest(fs.readFileSync(full));
      lines.push(`${path} ${isDirectory ? '' : this.#stat(full)} ${contents}`);
    }
    return lines.join('\n');
  }

  end(): void {
    for (const fd of this.#open.values()) fs.closeSync(fd);
    this.#open.clear();
    fs.rmSync(this.#root, { recursive: true, force: true });
  }

  #run(what: Step): string {
    if ('slot' in what) return this.#runOpen(what);
    const path = join(this.#root, what.name);
    switch (what.do) {
      case 'write':
        return this.#with(path, O_RDWR, (fd) =>
          fs.writeSync(fd, what.bytes, 0, what.bytes.length, what.offset),
        );
      case 'replace':
        fs.writeFileSync(path, what.bytes);
        return 'done';
      case 'append':
        fs.appendFileSync(path, what.bytes);
        return 'done';
      case 'truncate':
        fs.truncateSync(path, what.length);
        return 'done';
      case 'read':
        return digest(fs.readFileSync(path));
      case 'mkdir':
        fs.mkdirSync(path);
        return 'done';
      case 'rmdir':
        fs.rmdirSync(path);
        return 'done';
      case 'unlink':
        fs.unlinkSync(path);
        return 'done';
      case 'list':
        return fs.readdirSync(path).sort().join(' ');
      case 'stat':
        return this.#stat(path);
      case 'readlink':
        return fs.readlinkSync(path);
      case 'rename':
        fs.renameSync(path, join(this.#root, what.other));
        return 'done';
      case 'symlink':
        fs.symlinkSync(what.other, path);
        return 'done';
      case 'chmod':
        fs.chmodSync(path, what.mode);
        return 'done';
      case 'times':
        fs.utimesSync(path, what.seconds, what.seconds);
        return String(fs.statSync(path).mtimeMs);
    }
  }

  #runOpen(what: Extract<Step, { slot: number }>): string {
    const fd = this.#open.get(what.slot);
    if (what.do === 'open') {
      if (fd !== undefined) return 'taken';
      this.#open.set(what.slot, fs.openSync(join(this.#root, what.name), what.flags, 0o644));
      return 'done';
    }
    if (fd === undefined) return 'free';
    switch (what.do) {
      case 'writeOpen':
        return String(fs.writeSync(fd, what.bytes, 0, what.bytes.length, what.offset));
      case 'readOpen':
        return digest(contentsOf(fd));
      case 'fsyncOpen':
        fs.fsyncSync(fd);
        return 'done';
      case 'statOpen':
        return `${fs.fstatSync(fd).size} ${fs.fstatSync(fd).nlink}`;
      case 'truncateOpen':
        fs.ftruncateSync(fd, what.length);
        return 'done';
      case 'closeOpen':
        this.#open.delete(what.slot);
        fs.closeSync(fd);
        return 'done';
    }
  }

  #with(path: string, flags: number, work: (fd: number) => number): string {
    const fd = fs.openSync(path, flags);
    try {
      return String(work(fd));
    } finally {
      fs.closeSync(fd);
    }
  }

  #stat(path: string): string {
    const { mode, size, nlink } = fs.lstatSync(path);
    const type = mode & fs.constants.S_IFMT;
    return type === fs.constants.S_IFDIR ? 'directory' : `${(mode & 0o777).toString(8)} ${size} ${nlink}`;
  }
}

function kindOf(path: string): { readonly isDirectory: boolean; readonly isSymbolicLink: boolean } {
  const stats = fs.lstatSync(path);
  return { isDirectory: stats.isDirectory(), isSymbolicLink: stats.isSymbolicLink() };
}

function contentsOf(fd: number): Buffer {
  const buffer = Buffer.alloc(64 * 1024);
  return buffer.subarray(0, fs.readSync(fd, buffer, 0, buffer.length, 0));
}

function digest(bytes: Buffer): string {
  return `${bytes.length}:${createHash('sha1').update(bytes).digest('hex').slice(0, 12)}`;
}
