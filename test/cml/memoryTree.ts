import { errno } from '../../src/ipc/errno.ts';
import type { ErrnoName } from '../../src/ipc/errno.ts';
import { VenusError } from '../../src/ipc/errors.ts';
import type { DirectoryEntry, FileStatus, FileTree, WriteOptions } from '../../src/ipc/venus.ts';
import { splitPath } from '../../src/ipc/codaPath.ts';

interface Node {
  readonly type: FileStatus['type'];
  readonly identity: string;
  contents: Buffer;
}

/** A file tree in memory. As in Coda, links in the middle of a path are followed. */
export class MemoryTree implements FileTree {
  readonly nodes = new Map<string, Node>();
  /** Called before each change; may throw. */
  beforeChange: (path: string) => void = () => undefined;
  #count = 0;

  constructor(...directories: readonly string[]) {
    for (const directory of directories) this.nodes.set(directory, this.#node('directory', ''));
  }

  text(path: string): string | undefined {
    return this.nodes.get(path)?.contents.toString('latin1');
  }

  async lstat(path: string): Promise<FileStatus> {
    const { type, identity, contents } = await this.#at(path);
    return { type, identity, length: contents.length, mode: 0o644, linkCount: 1, owner: 1, modified: 0 };
  }

  async resolve(path: string): Promise<{ path: string; status: FileStatus }> {
    return { path, status: await this.lstat(path) };
  }

  async *readdir(path: string): AsyncGenerator<DirectoryEntry> {
    await this.#at(path);
    for (const [each, { type, identity }] of this.nodes) {
      const { directory, entry } = splitPath(each);
      if (directory === path) yield { name: entry, type, identity };
    }
  }

  async readlink(path: string): Promise<string> {
    return (await this.#at(path)).contents.toString('utf16le');
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    const { contents } = await this.#at(path);
    for (let at = 0; at < contents.length; at += 1000) yield contents.subarray(at, at + 1000);
  }

  async write(path: string, contents: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const bytes of contents) parts.push(bytes);
    const node = this.nodes.get(this.#real(path));
    if (node !== undefined && options.exclusive) throw fault('EEXIST');
    this.#change(path);
    if (node === undefined) this.#put(path, this.#node('file', ''));
    const made = await this.#at(path);
    made.contents = Buffer.concat(parts);
  }

  async mkdir(path: string): Promise<void> {
    await this.#makeNew(path, this.#node('directory', ''));
  }

  async symlink(path: string, target: string): Promise<void> {
    await this.#makeNew(path, this.#node('symlink', target));
  }

  async link(existing: string, path: string): Promise<void> {
    await this.#makeNew(path, await this.#at(existing));
  }

  async remove(path: string): Promise<void> {
    await this.#at(path);
    if ([...this.nodes.keys()].some((each) => each.startsWith(`${path}/`))) throw fault('ENOTEMPTY');
    this.#change(path);
    this.nodes.delete(path);
  }

  rename(): Promise<void> {
    return Promise.reject(fault('EINVAL'));
  }

  setattr(): Promise<void> {
    return Promise.reject(fault('EINVAL'));
  }

  async #makeNew(path: string, node: Node): Promise<void> {
    if (this.nodes.has(this.#real(path))) throw fault('EEXIST');
    this.#change(path);
    this.#put(path, node);
    await this.#at(path);
  }

  #put(path: string, node: Node): void {
    if (!this.nodes.has(splitPath(this.#real(path)).directory)) throw fault('ENOENT');
    this.nodes.set(this.#real(path), node);
  }

  #change(path: string): void {
    this.beforeChange(path);
  }

  #at(path: string): Promise<Node> {
    const node = this.nodes.get(this.#real(path));
    return node === undefined ? Promise.reject(fault('ENOENT')) : Promise.resolve(node);
  }

  /** Links above the last part stand for their targets, which are absolute here. */
  #real(path: string): string {
    const { directory, entry } = splitPath(path);
    if (directory === '/') return path;
    const node = this.nodes.get(this.#real(directory));
    const above = node?.type === 'symlink' ? node.contents.toString('utf16le') : this.#real(directory);
    return `${above}/${entry}`;
  }

  #node(type: Node['type'], contents: string): Node {
    this.#count += 1;
    return { type, identity: String(this.#count), contents: Buffer.from(contents, 'utf16le') };
  }
}

function fault(name: ErrnoName): VenusError {
  return new VenusError(errno(name));
}
