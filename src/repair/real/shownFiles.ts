import { joinPath } from '../../ipc/codaPath.ts';
import type {
  AttributeChange,
  DirectoryEntry,
  ListOptions,
  FileStatus,
  FileTree,
  WriteOptions,
} from '../../ipc/venus.ts';
import { LOCAL_ENTRY, isAtOrBelow } from './objectPaths.ts';

/** The object of a session, and the entry below it that stands for the servers. */
export interface ShownObject {
  readonly object: string;
  readonly server: string | undefined;
}

/**
 * The file tree, in which `local` and `global` below the object of a session are names for `_localcache` and for a server's
 * entry: whoever looks at versions need not know which kind of venus shows them.
 */
export class ShownFiles implements FileTree {
  readonly #files: FileTree;
  readonly #shown: () => ShownObject | undefined;

  constructor(files: FileTree, shown: () => ShownObject | undefined) {
    this.#files = files;
    this.#shown = shown;
  }

  lstat(path: string): Promise<FileStatus> {
    return this.#files.lstat(this.#real(path));
  }

  resolve(path: string): Promise<{ path: string; status: FileStatus }> {
    return this.#files.resolve(this.#real(path));
  }

  readdir(path: string, options?: ListOptions): AsyncIterable<DirectoryEntry> {
    return this.#files.readdir(this.#real(path), options);
  }

  readlink(path: string): Promise<string> {
    return this.#files.readlink(this.#real(path));
  }

  read(path: string): AsyncIterable<Uint8Array> {
    return this.#files.read(this.#real(path));
  }

  write(path: string, contents: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<void> {
    return this.#files.write(this.#real(path), contents, options);
  }

  mkdir(path: string, mode: number): Promise<void> {
    return this.#files.mkdir(this.#real(path), mode);
  }

  symlink(path: string, target: string): Promise<void> {
    return this.#files.symlink(this.#real(path), target);
  }

  link(existing: string, path: string): Promise<void> {
    return this.#files.link(this.#real(existing), this.#real(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#files.rename(this.#real(from), this.#real(to));
  }

  remove(path: string): Promise<void> {
    return this.#files.remove(this.#real(path));
  }

  setattr(path: string, change: AttributeChange): Promise<void> {
    return this.#files.setattr(this.#real(path), change);
  }

  #real(path: string): string {
    const { object, server } = this.#shown() ?? {};
    if (object === undefined) return path;
    for (const [name, entry] of [
      ['local', LOCAL_ENTRY],
      ['global', server],
    ] as const) {
      const place = joinPath(object, name);
      if (entry !== undefined && isAtOrBelow(path, place))
        return `${joinPath(object, entry)}${path.slice(place.length)}`;
    }
    return path;
  }
}
