import type { CmlLine } from '../../cml/cmlLine.ts';
import { joinPath, splitPath } from '../../ipc/codaPath.ts';
import type { LocalMutation } from '../../ipc/repairs.ts';

/** The name by which an expanded object shows what the client has (spec/repair.md, 2.3). */
export const LOCAL_ENTRY = '_localcache';

/** Which paths of a log belong to an object. */
export class ObjectPaths {
  readonly object: string;
  readonly parent: string;
  readonly #roots: readonly string[];

  /**
   * @param object from the Coda root
   * @param roots what venus may write in front of paths from the Coda root
   */
  constructor(object: string, roots: readonly string[]) {
    this.object = object;
    this.parent = splitPath(object).directory;
    this.#roots = roots;
  }

  /**
   * A path of the log from the object on; empty for the object itself, undefined for what is not below it. What
   * was expanded once may stand in it by another name (spec/repair.md, 21.24).
   */
  below(logged: string): string | undefined {
    const path = this.fromRoot(logged);
    if (path === undefined) return undefined;
    for (const start of [
      joinPath(this.object, LOCAL_ENTRY),
      joinPath(this.parent, LOCAL_ENTRY),
      this.object,
    ]) {
      if (path === start) return '';
      if (path.startsWith(`${start}/`)) return path.slice(start.length + 1);
    }
    return undefined;
  }

  /** A path of the log without what it shows only while the object is expanded. */
  collapsed(logged: string): string {
    for (const root of this.#roots) {
      const [object, local] = [`${root}${this.object}`, `${root}${joinPath(this.object, LOCAL_ENTRY)}`];
      if (isAtOrBelow(logged, local)) return `${object}${logged.slice(local.length)}`;
    }
    return logged;
  }

  /** A path of the log from the Coda root on; undefined where venus did not know it. */
  fromRoot(logged: string): string | undefined {
    for (const root of this.#roots) {
      if (logged === root) return '/';
      if (logged.startsWith(`${root}/`)) return logged.slice(root.length);
    }
    return undefined;
  }
}

/** A record as it is listed when its object is collapsed. */
export function collapsedLine(line: CmlLine, paths: ObjectPaths): CmlLine {
  if (line.op === 'repair') return line;
  return line.op === 'rename'
    ? { ...line, from: paths.collapsed(line.from), to: paths.collapsed(line.to) }
    : { ...line, path: paths.collapsed(line.path) };
}

/** What belongs to a record and does not stand in its text. */
export interface Untold {
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Whether a record is about an object or what is below it: `crossing` if it leads from there to elsewhere. */
export type Belonging =
  | { readonly kind: 'ours'; readonly mutation: LocalMutation }
  | { readonly kind: 'crossing' }
  | { readonly kind: 'foreign' };

export function belongingOf(line: CmlLine, paths: ObjectPaths, untold: Untold): Belonging {
  if (line.op === 'repair') return { kind: 'foreign' };
  if (line.op === 'rename') {
    const [path, to] = [paths.below(line.from), paths.below(line.to)];
    if (path === undefined && to === undefined) return { kind: 'foreign' };
    if (path === undefined || to === undefined) return { kind: 'crossing' };
    return { kind: 'ours', mutation: { ...untold, op: 'rename', path, to } };
  }
  const path = paths.below(line.path);
  return path === undefined
    ? { kind: 'foreign' }
    : { kind: 'ours', mutation: toMutation(line, path, untold) };
}

function toMutation(
  line: Exclude<CmlLine, { op: 'rename' | 'repair' }>,
  path: string,
  untold: Untold,
): LocalMutation {
  const common = { ...untold, path };
  switch (line.op) {
    case 'store':
      return { ...common, op: 'store', length: line.length };
    case 'chown':
      return { ...common, op: 'chown', owner: line.owner };
    case 'chmod':
      return { ...common, op: 'chmod', mode: line.mode };
    case 'symlink':
      return { ...common, op: 'symlink', target: line.target };
    case 'link':
      return { ...common, op: 'link', to: besides(path, line.name) };
    case 'utimes':
      return { ...common, op: 'utimes', modified: untold.time };
    case 'create':
    case 'remove':
    case 'mkdir':
    case 'rmdir':
      return { ...common, op: line.op };
  }
}

/** Another name in the directory of a path below the object. */
export function besides(path: string, name: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? name : `${path.slice(0, slash)}/${name}`;
}

/** The directory of a path below the object. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

export function isAtOrBelow(path: string, above: string): boolean {
  return path === above || above === '' || path.startsWith(`${above}/`);
}

/** A path below the object as a full one. `../name` is beside the object. */
export function pathAt(start: string, below: string): string {
  if (below === '') return start;
  if (below.startsWith('../')) return joinPath(splitPath(start).directory, below.slice('../'.length));
  return joinPath(start, below);
}
