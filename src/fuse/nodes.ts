import type { FileStatus } from '../ipc/venus.ts';
import type { OpenFile } from './openFile.ts';
import { Turn } from './turn.ts';

/** The kernel's name for the root of a file system. */
const ROOT_NODE = 1;
/** Made-up directories of versions, in which several entries may be one object to venus (spec/repair.md, 2.3). */
const EXPANDED = /^ffffffff\.fffffffc\./;

/** An object as the kernel knows it: what a name stood for when it was looked up. */
export class Node {
  readonly id: number;
  parent: Node | undefined;
  /** Its names in the directory; more than one for a file with hard links, none when it was removed. */
  readonly names = new Set<string>();
  readonly children = new Map<string, Node>();
  /** Opens and changes of its contents take turns. */
  readonly turn = new Turn();
  /** As it was last seen. */
  status: FileStatus;
  /** How often the kernel was told of it, and has not forgotten it. */
  lookups = 0;
  open: OpenFile | undefined;
  /** Whether its last name was removed by somebody who uses this mount, so that what is written to it is wanted no more. */
  isDiscarded = false;
  /** Version of the contents that the kernel may have pages of. */
  cachedVersion: string | undefined;

  constructor(id: number, parent: Node | undefined, status: FileStatus) {
    this.id = id;
    this.parent = parent;
    this.status = status;
  }

  get isRemoved(): boolean {
    return this.id !== ROOT_NODE && this.names.size === 0;
  }
}

/** The objects that the kernel knows, and where they are in the tree. */
export class Nodes {
  readonly root: Node;
  readonly #known = new Map<number, Node>();
  #last = ROOT_NODE;

  constructor(status: FileStatus) {
    this.root = new Node(ROOT_NODE, undefined, status);
    this.#known.set(ROOT_NODE, this.root);
  }

  find(id: number): Node | undefined {
    return this.#known.get(id);
  }

  /** A number that no node has. */
  newId(): number {
    this.#last += 1;
    return this.#last;
  }

  /** The path of a node from the Coda root; undefined if it has none any more. */
  pathOf(node: Node): string | undefined {
    const components: string[] = [];
    for (let at = node; at.parent; at = at.parent) {
      const [name] = at.names;
      if (name === undefined) return undefined;
      components.push(name);
    }
    return `/${components.reverse().join('/')}`;
  }

  /** The node of an object that a name was found to stand for. */
  found(parent: Node, name: string, status: FileStatus): Node {
    const known = parent.children.get(name);
    const node = known && isSame(known, status) ? known : this.#other(parent, name, status);
    node.status = status;
    return node;
  }

  /** A name stands for nothing any more, or for something else. */
  removed(parent: Node, name: string): void {
    const node = parent.children.get(name);
    if (!node) return;
    parent.children.delete(name);
    node.names.delete(name);
    this.#drop(node);
  }

  /** A name was removed through this mount. */
  unlinked(parent: Node, name: string): void {
    const node = parent.children.get(name);
    if (node?.names.size === 1) node.isDiscarded = true;
    this.removed(parent, name);
  }

  /** A name stands for what another one stood for. */
  renamed(from: Node, fromName: string, to: Node, toName: string): void {
    const node = from.children.get(fromName);
    if (node && to.children.get(toName) === node) return;
    this.unlinked(to, toName);
    if (!node) return;
    from.children.delete(fromName);
    node.names.delete(fromName);
    node.parent = to;
    node.names.add(toName);
    to.children.set(toName, node);
  }

  /** The kernel has forgotten a node. */
  forgotten(id: number, lookups: number): void {
    const node = this.#known.get(id);
    if (!node) return;
    node.lookups -= lookups;
    this.#drop(node);
  }

  #other(parent: Node, name: string, status: FileStatus): Node {
    this.removed(parent, name);
    const node = linkedIn(parent, status) ?? new Node(this.newId(), parent, status);
    this.#known.set(node.id, node);
    node.names.add(name);
    parent.children.set(name, node);
    return node;
  }

  /** Forgets a node that neither the kernel nor an open file needs. */
  #drop(node: Node): void {
    if (node === this.root || node.lookups > 0 || node.open || node.children.size > 0) return;
    this.#known.delete(node.id);
    for (const name of node.names) node.parent?.children.delete(name);
  }
}

/** The kernel takes no other type for an object that it knows. */
function isSame(node: Node, status: FileStatus): boolean {
  return node.status.identity === status.identity && node.status.type === status.type;
}

/** A file of several names is one node, so that what is written under one is read under the other. */
function linkedIn(parent: Node, status: FileStatus): Node | undefined {
  if (status.type !== 'file' || status.linkCount < 2 || EXPANDED.test(parent.status.identity))
    return undefined;
  for (const node of parent.children.values()) if (isSame(node, status)) return node;
  return undefined;
}
