import type { StoreId } from '../../ipc/versionVector.ts';
import { fidKey, type ReplicaEntry } from './replica.ts';
import type { DirectoryId } from '../../ipc/fixFile/fixFile.ts';
import { RepairError } from '../backend.ts';
import { printable } from '../../term/printable.ts';

/** Numbers of a row, one after the other in one array. */
const [VNODE, UNIQUE, HOST, STORE, SEEN, MARKS, WIDTH] = [0, 1, 2, 3, 4, 5, 6];
const [OTHER_OBJECT, OTHER_VERSION] = [1, 2];
const FIRST_ROWS = 256;

/** A name, and what the replicas have by it. */
export interface Row {
  readonly name: string;
  /** What the first replica that was read has. */
  readonly object: DirectoryId;
  /** Bit n is set where replica n has the name. */
  readonly seen: number;
  /** `objects`: different things by that name; `versions`: one thing, last updated by different clients. */
  readonly differs: 'objects' | 'versions' | 'nothing';
}

/**
 * All names of all replicas. Most are the same everywhere, so that a name costs the same few bytes however many replicas there are:
 * only what the first one has is kept, with a mark where another has something else.
 */
export class EntryTable {
  readonly #rows = new Map<string, number>();
  #numbers = new Uint32Array(FIRST_ROWS * WIDTH);

  get size(): number {
    return this.#rows.size;
  }

  /** @throws RepairError for a name that a replica has twice */
  add(replica: number, { name, vnode, unique, storeId }: ReplicaEntry): void {
    const bit = 1 << replica;
    const row = this.#rows.get(name);
    if (row === undefined) {
      this.#append(name, [vnode, unique, storeId.host, storeId.unique, bit, 0]);
      return;
    }
    const at = row * WIDTH;
    const numbers = this.#numbers;
    if (((numbers[at + SEEN] ?? 0) & bit) !== 0)
      throw new RepairError(`A directory has the name ${printable(name)} twice`, {
        why: 'It was changed while it was read, or is damaged.',
        next: 'Try again.',
      });
    numbers[at + SEEN] = (numbers[at + SEEN] ?? 0) | bit;
    if (numbers[at + VNODE] !== vnode || numbers[at + UNIQUE] !== unique) this.#mark(at, OTHER_OBJECT);
    else if (!this.#isStore(at, storeId)) this.#mark(at, OTHER_VERSION);
  }

  has(name: string): boolean {
    return this.#rows.has(name);
  }

  row(name: string): Row | undefined {
    const row = this.#rows.get(name);
    return row === undefined ? undefined : this.#row(name, row);
  }

  /** In no order. @param all every replica's bit: rows without a difference are left out */
  *different(all: number): Generator<Row> {
    for (const [name, row] of this.#rows) {
      const at = row * WIDTH;
      if (this.#numbers[at + SEEN] !== all || this.#numbers[at + MARKS] !== 0) yield this.#row(name, row);
    }
  }

  /** The rows of some objects, by {@link fidKey}: the names that stand for the same wherever they are. */
  ofObjects(objects: ReadonlySet<string>): ReadonlyMap<string, readonly Row[]> {
    const found = new Map<string, Row[]>();
    if (objects.size === 0) return found;
    for (const [name, row] of this.#rows) {
      const at = row * WIDTH;
      const key = fidKey({ vnode: this.#numbers[at + VNODE] ?? 0, unique: this.#numbers[at + UNIQUE] ?? 0 });
      if (!objects.has(key) || ((this.#numbers[at + MARKS] ?? 0) & OTHER_OBJECT) !== 0) continue;
      const rows = found.get(key);
      if (rows) rows.push(this.#row(name, row));
      else found.set(key, [this.#row(name, row)]);
    }
    return found;
  }

  #row(name: string, row: number): Row {
    const at = row * WIDTH;
    const marks = this.#numbers[at + MARKS] ?? 0;
    const differs =
      (marks & OTHER_OBJECT) !== 0 ? 'objects' : (marks & OTHER_VERSION) !== 0 ? 'versions' : 'nothing';
    const object = { vnode: this.#numbers[at + VNODE] ?? 0, unique: this.#numbers[at + UNIQUE] ?? 0 };
    return { name, object, seen: this.#numbers[at + SEEN] ?? 0, differs };
  }

  #append(name: string, numbers: readonly number[]): void {
    const row = this.#rows.size;
    if ((row + 1) * WIDTH > this.#numbers.length) {
      const longer = new Uint32Array(2 * this.#numbers.length);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers.set(numbers, row * WIDTH);
    this.#rows.set(name, row);
  }

  #mark(at: number, mark: number): void {
    this.#numbers[at + MARKS] = (this.#numbers[at + MARKS] ?? 0) | mark;
  }

  #isStore(at: number, { host, unique }: StoreId): boolean {
    return this.#numbers[at + HOST] === host && this.#numbers[at + STORE] === unique;
  }
}
