/** A tree of names, kept as bytes in a few flat arrays: a log may have millions of them. */
import { decodeText, encodeText } from '../ipc/text.ts';

/** What an index is where there is nothing. */
const NONE = -1;
/** The number of a node that nobody gave one. */
export const NO_NUMBER = -1;
/** The cells of a node. Free ones have no parent. */
const [PARENT, FIRST, LAST, BEFORE, AFTER, HASH, CHAIN] = [0, 1, 2, 3, 4, 5, 6];
const [NAME_AT, NAME_LENGTH, NAME_ROOM, FOUND, CELLS] = [7, 8, 9, 10, 11];
const [FIRST_NODES, FIRST_BYTES, LEAST_ROOM] = [256, 4096, 16];
const FIRST_NOT_ASCII = 0x80;

/** A node, by its number. It may stand for another one after it was removed. */
export type NameNode = number;

/**
 * Children have an order, that in which they were added. A node takes 60 bytes with its place in the table, and its name at
 * most twice its length, or 16; what is removed is used again.
 */
export class NameTree {
  readonly root: NameNode = 0;
  #cells = new Int32Array(FIRST_NODES * CELLS);
  #numbers = new Float64Array(FIRST_NODES);
  #names = new Uint8Array(FIRST_BYTES);
  #namesEnd = 0;
  /** The first node of each chain of equal hashes. */
  #table = new Int32Array(2 * FIRST_NODES).fill(NONE);
  #count = 0;
  #free = NONE;
  /** Found last: names are often asked for in their order. */
  #latest = 0;
  /** Names are hostile; nobody outside knows which ones collide. */
  readonly #seed = Math.trunc(Math.random() * 2 ** 31);
  #scratch = new Uint8Array(256);

  constructor() {
    this.#create();
  }

  /** Whatever the user of the tree says of a node; {@link NO_NUMBER} at first. */
  numberOf(node: NameNode): number {
    return this.#numbers[node] ?? NO_NUMBER;
  }

  setNumber(node: NameNode, number: number): void {
    this.#numbers[node] = number;
  }

  /** Bits for whoever compares the tree with something. */
  foundOf(node: NameNode): number {
    return this.#cell(node, FOUND);
  }

  addFound(node: NameNode, bits: number): void {
    this.#set(node, FOUND, this.#cell(node, FOUND) | bits);
  }

  hasChildren(node: NameNode): boolean {
    return this.#cell(node, FIRST) !== NONE;
  }

  /** @param from where the name begins in the text */
  child(parent: NameNode, name: string, from = 0): NameNode | undefined {
    const length = this.#write(name, from);
    return this.childAt(parent, this.#scratch, 0, length);
  }

  /** As {@link child}, of a name that stands among other bytes. */
  childAt(parent: NameNode, bytes: Uint8Array, from: number, end: number): NameNode | undefined {
    const next = this.#cell(this.#latest, AFTER);
    const node =
      next !== NONE && this.#is(next, parent, bytes, from, end)
        ? next
        : this.#find(parent, bytes, from, end, this.#hash(parent, bytes, from, end));
    if (node === NONE) return undefined;
    this.#latest = node;
    return node;
  }

  childOrNew(parent: NameNode, name: string): NameNode {
    const length = this.#write(name);
    return this.childOrNewAt(parent, this.#scratch, 0, length);
  }

  /** As {@link childOrNew}, of a name that stands among other bytes. */
  childOrNewAt(parent: NameNode, bytes: Uint8Array, from: number, end: number): NameNode {
    // A file is made, and then stored.
    if (this.#is(this.#latest, parent, bytes, from, end)) return this.#latest;
    const hash = this.#hash(parent, bytes, from, end);
    const known = this.#find(parent, bytes, from, end, hash);
    if (known !== NONE) return known;
    const node = this.#create();
    this.#latest = node;
    this.#name(node, bytes, from, end);
    this.#link(node, parent, hash);
    return node;
  }

  /** Takes a node out of its parent, with all that is below it; {@link attach} or {@link drop} is to follow. */
  detach(node: NameNode): void {
    const parent = this.#cell(node, PARENT);
    const [before, after] = [this.#cell(node, BEFORE), this.#cell(node, AFTER)];
    if (before === NONE) this.#set(parent, FIRST, after);
    else this.#set(before, AFTER, after);
    if (after === NONE) this.#set(parent, LAST, before);
    else this.#set(after, BEFORE, before);
    this.#set(node, AFTER, NONE);
    this.#unchain(node);
    this.#set(node, PARENT, NONE);
  }

  /** Gives a detached node a name that nothing has. */
  attach(node: NameNode, parent: NameNode, name: string): void {
    const length = this.#write(name);
    this.#name(node, this.#scratch, 0, length);
    this.#link(node, parent, this.#hash(parent, this.#scratch, 0, length));
  }

  /** Frees a detached node and all that is below it. */
  drop(node: NameNode): void {
    this.dropChildren(node);
    this.#set(node, PARENT, NONE);
    this.#set(node, AFTER, this.#free);
    this.#free = node;
  }

  /** Frees all that is below a node. Without recursion: a hostile log has directories as deep as its lines are long. */
  dropChildren(top: NameNode): void {
    for (let node = top; ;) {
      const child = this.#cell(node, FIRST);
      if (child !== NONE) {
        node = child;
        continue;
      }
      if (node === top) return;
      const parent = this.#cell(node, PARENT);
      this.detach(node);
      this.drop(node);
      node = parent;
    }
  }

  /** Visits all nodes but the root: each before what is below it. The tree must not change meanwhile. */
  visit(visitor: (node: NameNode) => void): void {
    for (let node = this.#following(this.root); node !== NONE; node = this.#following(node)) visitor(node);
  }

  /** The names from the root down. */
  pathOf(node: NameNode): readonly string[] {
    const path: string[] = [];
    for (let at = node; at !== this.root; at = this.#cell(at, PARENT)) {
      const from = this.#cell(at, NAME_AT);
      path.push(decodeText(this.#names.subarray(from, from + this.#cell(at, NAME_LENGTH))));
    }
    return path.reverse();
  }

  #following(node: NameNode): number {
    const first = this.#cell(node, FIRST);
    if (first !== NONE) return first;
    for (let at = node; at !== this.root; at = this.#cell(at, PARENT)) {
      const after = this.#cell(at, AFTER);
      if (after !== NONE) return after;
    }
    return NONE;
  }

  #cell(node: NameNode, cell: number): number {
    return this.#cells[node * CELLS + cell] ?? NONE;
  }

  #set(node: NameNode, cell: number, value: number): void {
    this.#cells[node * CELLS + cell] = value;
  }

  /** Puts a name's bytes into the scratch buffer. @returns their number */
  #write(name: string, from = 0): number {
    const length = name.length - from;
    if (length > this.#scratch.length) this.#scratch = new Uint8Array(2 * length);
    for (let at = 0; at < length; at++) {
      const code = name.charCodeAt(from + at);
      if (code >= FIRST_NOT_ASCII) return this.#encode(name.slice(from));
      this.#scratch[at] = code;
    }
    return length;
  }

  #encode(name: string): number {
    const bytes = encodeText(name);
    if (bytes.length > this.#scratch.length) this.#scratch = new Uint8Array(2 * bytes.length);
    this.#scratch.set(bytes);
    return bytes.length;
  }

  #hash(parent: NameNode, bytes: Uint8Array, from: number, end: number): number {
    let hash = this.#seed ^ Math.imul(parent, 0x9e3779b1);
    for (let at = from; at < end; at++) {
      hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  #find(parent: NameNode, bytes: Uint8Array, from: number, end: number, hash: number): number {
    let node = this.#table[hash & (this.#table.length - 1)] ?? NONE;
    while (node !== NONE) {
      if (this.#cell(node, HASH) === hash && this.#is(node, parent, bytes, from, end)) return node;
      node = this.#cell(node, CHAIN);
    }
    return NONE;
  }

  #is(node: NameNode, parent: NameNode, bytes: Uint8Array, from: number, end: number): boolean {
    const cells = node * CELLS;
    if (this.#cells[cells + PARENT] !== parent || this.#cells[cells + NAME_LENGTH] !== end - from)
      return false;
    const start = (this.#cells[cells + NAME_AT] ?? 0) - from;
    for (let at = from; at < end; at++) if (this.#names[start + at] !== bytes[at]) return false;
    return true;
  }

  /** A node without a parent and a name. */
  #create(): NameNode {
    const node = this.#free === NONE ? this.#count : this.#free;
    if (node === this.#count) {
      if ((this.#count + 1) * CELLS > this.#cells.length) this.#grow();
      this.#count += 1;
    } else {
      this.#free = this.#cell(node, AFTER);
    }
    this.#set(node, PARENT, NONE);
    this.#set(node, FIRST, NONE);
    this.#set(node, LAST, NONE);
    this.#set(node, BEFORE, NONE);
    this.#set(node, AFTER, NONE);
    this.#set(node, FOUND, 0);
    this.#numbers[node] = NO_NUMBER;
    return node;
  }

  #name(node: NameNode, bytes: Uint8Array, from: number, end: number): void {
    const length = end - from;
    if (length > this.#cell(node, NAME_ROOM)) this.#makeRoom(node, length);
    const start = this.#cell(node, NAME_AT) - from;
    for (let at = from; at < end; at++) this.#names[start + at] = bytes[at] ?? 0;
    this.#set(node, NAME_LENGTH, length);
  }

  /** Room is doubled, so that what longer and longer names leave behind is never more than they take. */
  #makeRoom(node: NameNode, length: number): void {
    let room = LEAST_ROOM;
    while (room < length) room *= 2;
    while (this.#namesEnd + room > this.#names.length) {
      const names = new Uint8Array(this.#names.length * 2);
      names.set(this.#names);
      this.#names = names;
    }
    this.#set(node, NAME_AT, this.#namesEnd);
    this.#set(node, NAME_ROOM, room);
    this.#namesEnd += room;
  }

  /** Makes a node the last child of another one. */
  #link(node: NameNode, parent: NameNode, hash: number): void {
    const last = this.#cell(parent, LAST);
    this.#set(node, PARENT, parent);
    this.#set(node, BEFORE, last);
    this.#set(node, AFTER, NONE);
    if (last === NONE) this.#set(parent, FIRST, node);
    else this.#set(last, AFTER, node);
    this.#set(parent, LAST, node);
    this.#set(node, HASH, hash);
    this.#chain(node, hash);
  }

  #chain(node: NameNode, hash: number): void {
    const slot = hash & (this.#table.length - 1);
    this.#set(node, CHAIN, this.#table[slot] ?? NONE);
    this.#table[slot] = node;
  }

  #unchain(node: NameNode): void {
    const slot = this.#cell(node, HASH) & (this.#table.length - 1);
    const next = this.#cell(node, CHAIN);
    if (this.#table[slot] === node) {
      this.#table[slot] = next;
      return;
    }
    let before = this.#table[slot] ?? NONE;
    while (this.#cell(before, CHAIN) !== node) before = this.#cell(before, CHAIN);
    this.#set(before, CHAIN, next);
  }

  #grow(): void {
    const cells = new Int32Array(this.#cells.length * 2);
    cells.set(this.#cells);
    this.#cells = cells;
    const numbers = new Float64Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    this.#table = new Int32Array(this.#table.length * 2).fill(NONE);
    for (let node = 0; node < this.#count; node++) {
      if (node !== this.root && this.#cell(node, PARENT) !== NONE) this.#chain(node, this.#cell(node, HASH));
    }
  }
}
