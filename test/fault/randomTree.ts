/** Random operations, most of which can be done, on a tree that grows. Known from the operations alone. */
import type { FileType } from '../../src/ipc/venus.ts';
import type { Operation } from '../venus/client/localTree.ts';

/** Numbers from 0 up to a limit, the same for the same seed. */
export type Random = (limit: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const NAMES = 40;
const MAX_DEPTH = 4;
/** Of the times that are set: so long ago that no other file has one. */
const FIRST_TIME = 1_000_000;
const LONG = 300_000;

/** How many of a hundred operations are of each kind. */
const kinds = [
  ...Array<'create'>(30).fill('create'),
  ...Array<'overwrite'>(13).fill('overwrite'),
  ...Array<'mkdir'>(9).fill('mkdir'),
  ...Array<'rename'>(13).fill('rename'),
  ...Array<'link'>(8).fill('link'),
  ...Array<'symlink'>(5).fill('symlink'),
  ...Array<'remove'>(9).fill('remove'),
  ...Array<'rmdir'>(3).fill('rmdir'),
  ...Array<'chmod'>(6).fill('chmod'),
  ...Array<'utimes'>(4).fill('utimes'),
] as const;

export class RandomTree {
  readonly #random: Random;
  readonly #objects = new Map<string, FileType>();

  constructor(random: Random) {
    this.#random = random;
  }

  next(): Operation {
    for (;;) {
      const operation = this.#draw(this.#oneOf(kinds));
      if (operation) return operation;
    }
  }

  /** An operation of {@link RandomTree.next} has been done. */
  done(operation: Operation): void {
    switch (operation.op) {
      case 'mkdir':
        this.#objects.set(operation.path, 'directory');
        return;
      case 'write':
      case 'symlink':
        this.#objects.set(operation.path, operation.op === 'write' ? 'file' : 'symlink');
        return;
      case 'link':
        this.#objects.set(operation.to, 'file');
        return;
      case 'remove':
        this.#objects.delete(operation.path);
        return;
      case 'rename':
        this.#move(operation.path, operation.to);
        return;
      case 'setattr':
      case 'lstat':
      case 'read':
      case 'readdir':
      case 'readlink':
    }
  }

  #move(from: string, to: string): void {
    for (const [path, type] of [...this.#objects]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#objects.delete(path);
      this.#objects.set(to + path.slice(from.length), type);
    }
  }

  #draw(kind: (typeof kinds)[number]): Operation | undefined {
    const path = this.#newName();
    const file = this.#any('file');
    const object = this.#any('file', 'directory', 'symlink');
    switch (kind) {
      case 'create':
        return { op: 'write', path, contents: this.#contents(), mode: this.#mode(), exclusive: true };
      case 'overwrite':
        return file === undefined
          ? undefined
          : { op: 'write', path: file, contents: this.#contents(), mode: 0o644, exclusive: false };
      case 'mkdir':
        return path.split('/').length < MAX_DEPTH ? { op: 'mkdir', path, mode: 0o755 } : undefined;
      case 'rename':
        return object === undefined ? undefined : { op: 'rename', path: object, to: this.#newName() };
      case 'link':
        return file === undefined
          ? undefined
          : { op: 'link', path: file, to: `${file.slice(0, -nameOf(file).length)}${this.#name()}` };
      case 'symlink':
        return { op: 'symlink', path, target: `../${this.#name()}` };
      case 'remove': {
        const gone = this.#any('file', 'symlink');
        return gone === undefined ? undefined : { op: 'remove', path: gone };
      }
      case 'rmdir': {
        const empty = this.#any('directory');
        return empty === undefined ? undefined : { op: 'remove', path: empty };
      }
      case 'chmod':
        return file === undefined ? undefined : { op: 'setattr', path: file, mode: this.#mode() };
      case 'utimes':
        return file === undefined
          ? undefined
          : { op: 'setattr', path: file, modified: (FIRST_TIME + this.#random(1e6)) * 1000 };
    }
  }

  #contents(): string {
    const text = `${this.#random(1e9)} `;
    if (this.#random(200) === 0) return text.repeat(LONG / text.length);
    return text.repeat(this.#random(100));
  }

  #mode(): number {
    return this.#oneOf([0o600, 0o644, 0o755]);
  }

  #name(): string {
    return `n${this.#random(NAMES)}`;
  }

  #newName(): string {
    const directories = this.#of('directory');
    const at = this.#random(directories.length + 1);
    const directory = directories[at];
    return directory === undefined ? this.#name() : `${directory}/${this.#name()}`;
  }

  #of(...types: readonly FileType[]): readonly string[] {
    return [...this.#objects].filter(([, type]) => types.includes(type)).map(([path]) => path);
  }

  #any(...types: readonly FileType[]): string | undefined {
    const paths = this.#of(...types);
    return paths.length === 0 ? undefined : this.#oneOf(paths);
  }

  #oneOf<T>(items: readonly T[]): T {
    const item = items[this.#random(items.length)];
    if (item === undefined) throw new Error('there is nothing to choose from');
    return item;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
