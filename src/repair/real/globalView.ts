import { isErrno } from '../../ipc/errors.ts';
import type { FileStatus, FileTree } from '../../ipc/venus.ts';
import { isAtOrBelow, parentOf, pathAt } from './objectPaths.ts';

/** What the decisions of a session make of a name. */
type Seen =
  | { readonly kind: 'absent' }
  /** An object of the servers, which they have by another path perhaps. `merged`: it stands for a local one. */
  | { readonly kind: 'server'; readonly path: string; readonly merged: boolean }
  /** Made by the session; what it is like is that of the local path. */
  | { readonly kind: 'made'; readonly type: FileStatus['type']; readonly local: string | undefined };

/** What has a name in the result of the decisions so far. */
export interface Look {
  readonly type: FileStatus['type'];
  /** The path at the servers, and what is there, unless the session makes it. */
  readonly server?: { readonly path: string; readonly status: FileStatus; readonly merged: boolean };
  /** Where the client has what the session makes. */
  readonly local?: string;
}

/** The servers' version of an object with what the decisions of a session change of it; nothing of it is done yet. */
export class GlobalView {
  readonly #files: FileTree;
  /** The entry of a server below the expanded object. */
  readonly #server: string;
  readonly #seen = new Map<string, Seen>();

  constructor(files: FileTree, server: string) {
    this.#files = files;
    this.#server = server;
  }

  /** @returns undefined where nothing has the name */
  async look(path: string): Promise<Look | undefined> {
    const seen = this.#find(path);
    if (seen.kind === 'absent') return undefined;
    if (seen.kind === 'made')
      return { type: seen.type, ...(seen.local === undefined ? {} : { local: seen.local }) };
    const status = await statusOf(this.#files, pathAt(this.#server, seen.path));
    if (!status) return undefined;
    return { type: status.type, server: { path: seen.path, status, merged: seen.merged } };
  }

  /** The names in a directory. */
  async names(path: string): Promise<readonly string[]> {
    const names = new Set<string>();
    const seen = this.#find(path);
    if (seen.kind === 'server')
      for await (const { name } of this.#files.readdir(pathAt(this.#server, seen.path))) names.add(name);
    for (const [below, own] of this.#seen) {
      if (below === '' || below.startsWith('../') || parentOf(below) !== path) continue;
      const name = below.slice(path === '' ? 0 : path.length + 1);
      if (own.kind === 'absent') names.delete(name);
      else names.add(name);
    }
    return [...names];
  }

  make(path: string, type: FileStatus['type'], local: string | undefined): void {
    this.remove(path);
    this.#seen.set(path, { kind: 'made', type, local });
  }

  /** What is there stands for a local object from now on. */
  merge(path: string): void {
    const seen = this.#find(path);
    if (seen.kind === 'server') this.#seen.set(path, { ...seen, merged: true });
  }

  remove(path: string): void {
    for (const below of [...this.#seen.keys()]) if (isAtOrBelow(below, path)) this.#seen.delete(below);
    this.#seen.set(path, { kind: 'absent' });
  }

  rename(from: string, to: string): void {
    const moved = [...this.#seen].filter(([path]) => path !== from && isAtOrBelow(path, from));
    const seen = this.#find(from);
    this.remove(to);
    this.remove(from);
    this.#seen.set(to, seen);
    for (const [path, each] of moved) this.#seen.set(`${to}${path.slice(from.length)}`, each);
  }

  #find(path: string): Seen {
    let here: Seen = this.#seen.get('') ?? { kind: 'server', path: '', merged: false };
    if (path === '') return here;
    if (path.startsWith('../')) return this.#seen.get(path) ?? { kind: 'absent' };
    let name = '';
    for (const part of path.split('/')) {
      name = name === '' ? part : `${name}/${part}`;
      const own = this.#seen.get(name);
      if (own) here = own;
      else if (here.kind === 'server')
        here = { kind: 'server', path: here.path === '' ? part : `${here.path}/${part}`, merged: false };
      else return { kind: 'absent' };
    }
    return here;
  }
}

/** What is at a path; undefined for nothing. */
export async function statusOf(files: FileTree, path: string): Promise<FileStatus | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
