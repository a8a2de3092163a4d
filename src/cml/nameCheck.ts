/** Compares the entries of an archive with the names at the end of a log, one by one as they are read. */
import type { ArchiveEntry, HardlinkEntry } from './archive/entry.ts';
import { type FinalNames, type LoggedObject, UNKNOWN, components, hasContents } from './finalNames.ts';
import type { NameNode } from './nameTree.ts';
import type { Problem } from './verify.ts';

/** A node has a bit for each place where the root may be. */
const MAX_ROOTS = 31;
const MAX_DIFFERENCES = 100;

/** What an entry differs in from the log. */
interface Difference {
  readonly kind: 'size' | 'type';
  readonly name: string;
  readonly message: string;
}

/** A place where the volume's root may be, and what was found supposing that it is there. */
interface Root {
  readonly node: NameNode | undefined;
  readonly bit: number;
  found: number;
  differences: number;
  readonly shown: Difference[];
  /** Of the entry at hand. */
  directory: NameNode | undefined;
}

/**
 * The log names things from the Coda root, the archive from the volume's. Where nobody says which directory that is, all
 * that are possible are tried at once, and the one with the most names found is taken.
 */
export class NameCheck {
  readonly #names: FinalNames;
  readonly #roots: readonly Root[];
  /** Names that match any directory. */
  readonly #unplaced: NameNode | undefined;
  #above: string | undefined;

  constructor(names: FinalNames, root: string | undefined) {
    this.#names = names;
    this.#unplaced = names.unplaced;
    const paths = root === undefined ? names.possibleRoots(MAX_ROOTS) : [components(root)];
    this.#roots = paths.map((path, at) => {
      return {
        node: names.find(path),
        bit: 1 << at,
        found: 0,
        differences: 0,
        shown: [],
        directory: undefined,
      };
    });
  }

  /** Takes in the next entry of the archive. */
  see(entry: ArchiveEntry): void {
    const slash = entry.name.lastIndexOf('/');
    const length = Math.max(slash, 0);
    if (this.#above?.length !== length || !entry.name.startsWith(this.#above))
      this.#enter(entry.name.slice(0, length));
    for (const root of this.#roots) {
      if (root.node === undefined || root.directory === undefined) continue;
      const node = this.#names.tree.child(root.directory, entry.name, slash + 1);
      this.#compare(entry, node, root.node, root);
    }
    if (this.#unplaced !== undefined) this.#seeAnywhere(entry, this.#unplaced);
  }

  /** Entries come by directories, so that these are looked up once for many. */
  #enter(above: string): void {
    const path = components(above);
    this.#above = above;
    for (const root of this.#roots) {
      root.directory = root.node === undefined ? undefined : this.#names.find(path, root.node);
    }
  }

  /** Compares an entry with names whose directory is not known. */
  #seeAnywhere(entry: ArchiveEntry, unplaced: NameNode): void {
    const [anyRoot] = this.#roots;
    if (anyRoot === undefined) return;
    const path = components(entry.name);
    for (let from = 0; from < path.length; from++) {
      const node = this.#names.find(path.slice(from), unplaced);
      this.#compare(entry, node, unplaced, { ...anyRoot, shown: [] });
    }
  }

  /** Reports what differs or is missing. */
  finish(report: (problem: Problem) => void): void {
    const [first, ...others] = this.#roots;
    if (first === undefined) return;
    const best = others.reduce((most, root) => (isBetter(root, most) ? root : most), first);
    for (const difference of best.shown) report(difference);
    for (let more = best.shown.length; more < best.differences; more++) {
      report({ kind: 'size', name: '', message: 'more entries differ' });
    }
    // What matches any directory was compared once, supposing the first root.
    const unplaced = this.#unplaced === undefined ? 0 : first.bit;
    const { tree } = this.#names;
    this.#names.visit((node, object, path) => {
      if (!hasContents(object) || (tree.foundOf(node) & best.bit) !== 0) return;
      const parts = path();
      const isUnplaced = parts[0] === UNKNOWN;
      if (isUnplaced && (tree.foundOf(node) & unplaced) !== 0) return;
      const name = `${isUnplaced ? '' : '/'}${parts.join('/')}`;
      report({ kind: 'missing', name, message: `${name}: not in the archive` });
    });
  }

  #compare(entry: ArchiveEntry, node: NameNode | undefined, rootNode: NameNode, root: Root): void {
    if (node === undefined) return;
    if (entry.type === 'file' && this.#names.isFileOf(node, entry.size)) {
      this.#find(node, root);
      return;
    }
    const object = this.#names.objectOf(node);
    if (object === undefined || !hasContents(object)) return;
    const difference =
      entry.type === 'hardlink'
        ? this.#hardlinkDifference(entry, object, rootNode, root.bit)
        : differenceOf(entry, object);
    if (difference === undefined) {
      this.#find(node, root);
      return;
    }
    // It is there, though not as it should be.
    this.#names.tree.addFound(node, root.bit);
    root.differences += 1;
    if (root.shown.length < MAX_DIFFERENCES) root.shown.push(difference);
  }

  #find(node: NameNode, root: Root): void {
    const { tree } = this.#names;
    if ((tree.foundOf(node) & root.bit) === 0) root.found += 1;
    tree.addFound(node, root.bit);
  }

  /** A further name has the size of the file it is a name of, which has been seen before it. */
  #hardlinkDifference(
    { name, target }: HardlinkEntry,
    object: LoggedObject,
    rootNode: NameNode,
    bit: number,
  ): Difference | undefined {
    const node = this.#names.find(components(target), rootNode);
    const other = node === undefined ? undefined : this.#names.objectOf(node);
    const isSame =
      object.kind === 'file' &&
      node !== undefined &&
      other?.kind === 'file' &&
      (this.#names.tree.foundOf(node) & bit) !== 0 &&
      other.size === object.size;
    if (isSame) return undefined;
    return {
      kind: 'type',
      name,
      message: `${name}: a further name of ${target}, which is not what the log has`,
    };
  }
}

/** A name that is there but differs says something about the root too, though less than one that is right. */
function isBetter(one: Root, other: Root): boolean {
  return 2 * one.found + one.differences > 2 * other.found + other.differences;
}

function differenceOf(
  entry: Exclude<ArchiveEntry, HardlinkEntry>,
  object: LoggedObject,
): Difference | undefined {
  const { name } = entry;
  if (entry.type !== object.kind) {
    return { kind: 'type', name, message: `${name}: a ${entry.type}, but the log has a ${object.kind}` };
  }
  if (entry.type === 'file' && object.kind === 'file' && entry.size !== object.size) {
    const message = `${name}: ${entry.size} bytes, but the log has ${object.size ?? 0}`;
    return { kind: 'size', name, message };
  }
  if (entry.type === 'symlink' && object.kind === 'symlink' && entry.target !== object.target) {
    return {
      kind: 'type',
      name,
      message: `${name}: a link to ${entry.target}, but the log has ${object.target}`,
    };
  }
  return undefined;
}
