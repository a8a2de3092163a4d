/** A log's changes carried through to the names that its objects have at its end. */
import { UNKNOWN_PARENT, type CmlLine } from './cmlLine.ts';

/** What a log says of an object; one for all names of a file. */
export type LoggedObject =
  /** `size` is undefined until contents are stored; `created` says whether the log made it. */
  | { readonly kind: 'file'; size: number | undefined; readonly created: boolean }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string };

/** A name, and what lies below it. */
export interface NameNode {
  children: Map<string, NameNode> | undefined;
  object: LoggedObject | undefined;
  /** For whoever compares: one bit for each place where the volume's root may be. */
  found: number;
}

/**
 * Is shown a name at the log's end.
 * @param path gives its components from the Coda root, while the name is at hand
 */
export type NameVisitor = (node: NameNode, object: LoggedObject, path: () => readonly string[]) => void;

/** What stands for a parent that could not be rebuilt. */
export const UNKNOWN = '???';

/** Memory grows with the number of names that a log mentions, with nothing else. */
export class FinalNames {
  readonly #root = emptyNode();
  #common: readonly string[] | undefined;
  /** The directory of the line before. */
  #directory: { readonly path: string; readonly node: NameNode } | undefined;
  /** What the line before was about: a file is made, and then stored. */
  #latest: { readonly path: string; readonly node: NameNode } | undefined;
  /** Lines taken in. */
  entries = 0;
  /** Whether some line does not say for certain what it is about. */
  #isVague = false;

  /** Takes in the next line of the log. */
  apply(line: CmlLine): void {
    this.entries += 1;
    // What a repair stored, no archive holds.
    if (line.op === 'repair') this.#isVague = true;
    else if (line.op === 'rename') this.#rename(line.from, line.to);
    else this.#applyAt(line);
  }

  /**
   * Where the root of the volume may be: the directories, from the Coda root down, that hold every path of the log. The
   * text does not say which of them it is.
   * @param limit how many are wanted, from the uppermost on
   */
  possibleRoots(limit: number): readonly (readonly string[])[] {
    const common = (this.#common ?? []).slice(0, limit - 1);
    return Array.from({ length: common.length + 1 }, (_, length) => common.slice(0, length));
  }

  /** Whether nothing has contents at the log's end: all of its lines are removals, renames, attributes, or undone. */
  get haveNoContents(): boolean {
    let found = this.#isVague;
    this.visit((_, object, path) => (found ||= hasContents(object) || path().some(isVague)));
    return !found;
  }

  /** @returns undefined for a name of which nothing is known */
  find(path: readonly string[]): NameNode | undefined {
    return findBelow(this.#root, path);
  }

  /** Names whose directory could not be rebuilt; they match any directory. */
  get unplaced(): NameNode | undefined {
    return this.#root.children?.get(UNKNOWN);
  }

  /** Visits all names with an object, in the order in which the log first mentioned them. */
  visit(visitor: NameVisitor): void {
    visitBelow(this.#root, visitor);
  }

  #applyAt(line: Exclude<CmlLine, { op: 'rename' | 'repair' }>): void {
    switch (line.op) {
      case 'store': {
        const node = this.#makeAt(line.path);
        if (node.object?.kind === 'file') node.object.size = line.length;
        else node.object = { kind: 'file', size: line.length, created: false };
        break;
      }
      case 'create':
        this.#put(this.#makeAt(line.path), { kind: 'file', size: undefined, created: true });
        break;
      case 'mkdir':
        this.#put(this.#makeAt(line.path), { kind: 'directory' });
        break;
      case 'symlink':
        this.#put(this.#makeAt(line.path), { kind: 'symlink', target: line.target });
        break;
      case 'link':
        this.#link(line.path, line.name);
        break;
      case 'remove':
      case 'rmdir':
        this.#detach(this.#componentsOf(line.path, false));
        break;
      case 'utimes':
      case 'chown':
      case 'chmod':
        this.#componentsOf(line.path, true);
    }
  }

  #link(path: string, name: string): void {
    const node = this.#makeAt(path);
    node.object ??= { kind: 'file', size: undefined, created: false };
    const directory = this.#componentsOf(path, false).slice(0, -1);
    this.#put(this.#make([...directory, name]), node.object);
  }

  #rename(from: string, to: string): void {
    const [source, target] = [this.#componentsOf(from, false), this.#componentsOf(to, false)];
    const moved = this.#detach(source);
    this.#detach(target);
    const [name] = target.slice(-1);
    if (moved !== undefined && name !== undefined)
      childrenOf(this.#make(target.slice(0, -1))).set(name, moved);
  }

  #put(node: NameNode, object: LoggedObject): void {
    // What was known to be below it is not there any more.
    if (node.children !== undefined) this.#forgetPlaces();
    node.children = undefined;
    node.object = object;
  }

  /** The node of a path. Most lines are about the directory of the line before, which is looked up once. */
  #makeAt(path: string): NameNode {
    if (this.#latest?.path === path) return this.#latest.node;
    const node = this.#makeBeside(path);
    this.#latest = { path, node };
    return node;
  }

  #makeBeside(path: string): NameNode {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const directory = this.#directory;
    const isBeside = directory?.path.length === slash && path.startsWith(directory.path) && isPart(name);
    if (isBeside) return childOf(directory.node, name);
    const parts = this.#componentsOf(path, false);
    const [last] = parts.slice(-1);
    if (last === undefined) return this.#root;
    const node = this.#make(parts.slice(0, -1));
    // Another spelling of a path is looked up part by part.
    if (last === name && slash >= 0) this.#directory = { path: path.slice(0, slash), node };
    return childOf(node, last);
  }

  /** To be called when nodes have moved. */
  #forgetPlaces(): void {
    this.#directory = undefined;
    this.#latest = undefined;
  }

  #make(path: readonly string[]): NameNode {
    return path.reduce(childOf, this.#root);
  }

  #detach(path: readonly string[]): NameNode | undefined {
    const [name] = path.slice(-1);
    const parent = this.find(path.slice(0, -1));
    this.#forgetPlaces();
    if (name === undefined) return undefined;
    const node = parent?.children?.get(name);
    parent?.children?.delete(name);
    return node;
  }

  /** @param mayBeRoot whether the path may be that of the volume's root, as only attributes of it can be changed */
  #componentsOf(path: string, mayBeRoot: boolean): readonly string[] {
    this.#isVague ||= !path.startsWith('/') || isVague(path);
    if (path.startsWith(UNKNOWN_PARENT)) return [UNKNOWN, ...components(path.slice(UNKNOWN_PARENT.length))];
    const all = components(path);
    const length = mayBeRoot ? all.length : all.length - 1;
    this.#common = this.#common === undefined ? all.slice(0, length) : commonStart(this.#common, all, length);
    return all;
  }
}

/** Whether a name may be another one than it says: it could not be rebuilt, or lines of the text went into it. */
function isVague(text: string): boolean {
  return text.includes(UNKNOWN) || text.includes('\n');
}

/** Whether an object must be in the archive (spec/cml.md, 5.3). */
export function hasContents(object: LoggedObject): boolean {
  return object.kind !== 'file' || object.size !== undefined;
}

/** The parts of a path or of a name in an archive. */
export function components(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.every(isPart) ? parts : parts.filter(isPart);
}

function isPart(part: string): boolean {
  return part !== '' && part !== '.';
}

/** @returns undefined for a name of which nothing is known */
export function findBelow(root: NameNode, path: readonly string[], from = 0): NameNode | undefined {
  let node: NameNode | undefined = root;
  for (let at = from; at < path.length && node !== undefined; at++) node = node.children?.get(path[at] ?? '');
  return node;
}

/** A directory on the way to the name at hand. */
interface Level {
  readonly name: string;
  readonly children: Iterator<[string, NameNode]>;
}

/** Without recursion: a hostile log has directories as deep as its lines are long. */
function visitBelow(root: NameNode, visitor: NameVisitor): void {
  const open: Level[] = [{ name: '', children: entriesOf(root) }];
  let name = '';
  const path = () => [...open.slice(1).map((level) => level.name), name];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.children.next();
    if (next.done) {
      open.pop();
      continue;
    }
    const node = next.value[1];
    name = next.value[0];
    if (node.object !== undefined) visitor(node, node.object, path);
    if (node.children !== undefined) open.push({ name, children: entriesOf(node) });
  }
}

function entriesOf({ children }: NameNode): Iterator<[string, NameNode]> {
  return (children ?? new Map<string, NameNode>()).entries();
}

function commonStart(one: readonly string[], other: readonly string[], length: number): readonly string[] {
  let at = 0;
  while (at < one.length && at < length && one[at] === other[at]) at += 1;
  return at === one.length ? one : one.slice(0, at);
}

function emptyNode(): NameNode {
  return { children: undefined, object: undefined, found: 0 };
}

function childrenOf(node: NameNode): Map<string, NameNode> {
  node.children ??= new Map();
  return node.children;
}

function childOf(node: NameNode, name: string): NameNode {
  const children = childrenOf(node);
  const known = children.get(name);
  if (known !== undefined) return known;
  const child = emptyNode();
  children.set(name, child);
  return child;
}
