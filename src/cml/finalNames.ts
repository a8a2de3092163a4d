/** A log's changes carried through to the names that its objects have at its end. */
import { encodeText } from '../ipc/text.ts';
import { wordsOf } from './archive/tarHeader.ts';
import { UNKNOWN_PARENT, type CmlLine } from './cmlLine.ts';
import type { TakenLines } from './cmlRecords.ts';
import { type NameNode, NO_NUMBER, NameTree } from './nameTree.ts';
import { PlainLine } from './plainLine.ts';

/** What a log says of an object; one for all names of a file. */
export type LoggedObject =
  /** `size` is undefined until contents are stored. */
  | { readonly kind: 'file'; size: number | undefined }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string };

/**
 * Is shown a name at the log's end.
 * @param path gives its components from the Coda root
 */
export type NameVisitor = (node: NameNode, object: LoggedObject, path: () => readonly string[]) => void;

/** What the number of a node says of its object; from 0 on it is the size of a file. */
const [NOTHING, UNSTORED, DIRECTORY, OTHER] = [NO_NUMBER, -2, -3, -4];

/** What stands for a parent that could not be rebuilt. */
export const UNKNOWN = '???';

/** A directory whose names are looked up without its path. */
interface KnownDirectory {
  /** As it stands in the text, without a slash behind it. */
  readonly path: DataView;
  readonly node: NameNode;
}

/** Memory grows with the number of names that there are at once, with nothing else. */
export class FinalNames {
  readonly tree = new NameTree();
  /** Those that a number does not tell. Of names that are gone some may be left; they are as many as the names once were. */
  readonly #objects = new Map<NameNode, LoggedObject>();
  readonly #line = new PlainLine();
  #common: readonly string[] | undefined;
  /** The directory of the line before. */
  #directory: KnownDirectory | undefined;
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
   * Takes in lines of the text itself, as long as they put something beside what the line before was about: most do, and
   * need no strings, which takes a quarter of the time.
   */
  takePlain(bytes: Uint8Array, from: number, whole: number): TakenLines {
    const [line, tree] = [this.#line, this.tree];
    const words = wordsOf(bytes);
    let [end, count] = [from, 0];
    while (this.#directory !== undefined && line.read(bytes, words, end, whole, this.#directory.path)) {
      const node = tree.childOrNewAt(this.#directory.node, bytes, line.nameFrom, line.nameEnd);
      if (line.op === 'store') this.#store(node, line.length);
      else this.#put(node, line.op === 'create' ? UNSTORED : DIRECTORY);
      end = line.next;
      count += 1;
    }
    this.entries += count;
    return { end, count };
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

  /**
   * @param below the node that the path starts at, the Coda root if absent
   * @returns undefined for a name of which nothing is known
   */
  find(path: readonly string[], below: NameNode = this.tree.root): NameNode | undefined {
    let node: NameNode | undefined = below;
    for (const name of path) node = node === undefined ? undefined : this.tree.child(node, name);
    return node;
  }

  objectOf(node: NameNode): LoggedObject | undefined {
    const number = this.tree.numberOf(node);
    if (number === NOTHING) return undefined;
    if (number === DIRECTORY) return { kind: 'directory' };
    if (number === OTHER) return this.#objects.get(node);
    return { kind: 'file', size: number === UNSTORED ? undefined : number };
  }

  /** Whether a node is a file of that size, which is to be found out for each. */
  isFileOf(node: NameNode, size: number): boolean {
    return this.tree.numberOf(node) === size;
  }

  /** Names whose directory could not be rebuilt; they match any directory. */
  get unplaced(): NameNode | undefined {
    return this.tree.child(this.tree.root, UNKNOWN);
  }

  /** Visits all names with an object, in the order in which the log first mentioned them. */
  visit(visitor: NameVisitor): void {
    this.tree.visit((node) => {
      const object = this.objectOf(node);
      if (object !== undefined) visitor(node, object, () => this.tree.pathOf(node));
    });
  }

  #applyAt(line: Exclude<CmlLine, { op: 'rename' | 'repair' }>): void {
    switch (line.op) {
      case 'store':
        this.#store(this.#makeAt(line.path), line.length);
        break;
      case 'create':
        this.#put(this.#makeAt(line.path), UNSTORED);
        break;
      case 'mkdir':
        this.#put(this.#makeAt(line.path), DIRECTORY);
        break;
      case 'symlink': {
        const node = this.#makeAt(line.path);
        this.#put(node, OTHER);
        this.#objects.set(node, { kind: 'symlink', target: line.target });
        break;
      }
      case 'link':
        this.#link(line.path, line.name);
        break;
      case 'remove':
      case 'rmdir':
        this.#drop(this.#componentsOf(line.path, false));
        break;
      case 'utimes':
      case 'chown':
      case 'chmod':
        this.#componentsOf(line.path, true);
    }
  }

  #store(node: NameNode, length: number): void {
    const object = this.tree.numberOf(node) === OTHER ? this.#objects.get(node) : undefined;
    if (object?.kind === 'file') object.size = length;
    else this.tree.setNumber(node, length);
  }

  #link(path: string, name: string): void {
    const node = this.#makeAt(path);
    const object = this.objectOf(node) ?? { kind: 'file', size: undefined };
    const directory = this.#componentsOf(path, false).slice(0, -1);
    this.tree.setNumber(node, OTHER);
    this.#objects.set(node, object);
    const other = this.#make([...directory, name]);
    this.#put(other, OTHER);
    this.#objects.set(other, object);
  }

  #rename(from: string, to: string): void {
    const [source, target] = [this.#componentsOf(from, false), this.#componentsOf(to, false)];
    const moved = this.#nodeOf(source);
    if (moved !== undefined) this.tree.detach(moved);
    this.#drop(target);
    const [name] = target.slice(-1);
    if (moved === undefined) return;
    if (name === undefined) this.tree.drop(moved);
    else this.tree.attach(moved, this.#make(target.slice(0, -1)), name);
  }

  #put(node: NameNode, number: number): void {
    // What was known to be below it is not there any more.
    if (this.tree.hasChildren(node)) {
      this.#directory = undefined;
      this.tree.dropChildren(node);
    }
    this.tree.setNumber(node, number);
  }

  /** The node of a path. Most lines are about the directory of the line before, which is looked up once. */
  #makeAt(path: string): NameNode {
    const parts = this.#componentsOf(path, false);
    const [last] = parts.slice(-1);
    if (last === undefined) return this.tree.root;
    const node = this.#make(parts.slice(0, -1));
    const slash = path.lastIndexOf('/');
    // Another spelling of a path is looked up part by part.
    if (last === path.slice(slash + 1) && slash >= 0)
      this.#directory = { path: wordsOf(encodeText(path.slice(0, slash))), node };
    return this.tree.childOrNew(node, last);
  }

  #make(path: readonly string[]): NameNode {
    return path.reduce((node, name) => this.tree.childOrNew(node, name), this.tree.root);
  }

  /** The node of a path that changes its place. */
  #nodeOf(path: readonly string[]): NameNode | undefined {
    this.#directory = undefined;
    return path.length === 0 ? undefined : this.find(path);
  }

  #drop(path: readonly string[]): void {
    const node = this.#nodeOf(path);
    if (node === undefined) return;
    this.tree.detach(node);
    this.tree.drop(node);
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

function commonStart(one: readonly string[], other: readonly string[], length: number): readonly string[] {
  let at = 0;
  while (at < one.length && at < length && one[at] === other[at]) at += 1;
  return at === one.length ? one : one.slice(0, at);
}
