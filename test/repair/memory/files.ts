import type { DirectoryEntry, FileStatus, FileTree, WriteOptions } from '../../../src/ipc/venus.ts';
import { type Node, directoryAt, fault, find, nameOf, parentOf, partsOf, statusOf } from './nodes.ts';
import type { MemoryRealm } from './state.ts';

/** What can be seen of a {@link MemoryRealm} from its Coda root. */
export class MemoryFiles implements FileTree {
  /** Called before everything that is asked; may throw or wait. */
  before: (path: string) => Promise<void> | void = () => undefined;
  readonly #realm: MemoryRealm;

  constructor(realm: MemoryRealm) {
    this.#realm = realm;
  }

  async lstat(path: string): Promise<FileStatus> {
    await this.before(path);
    return statusOf(this.#at(path));
  }

  async resolve(path: string): Promise<{ path: string; status: FileStatus }> {
    return { path, status: await this.lstat(path) };
  }

  async *readdir(path: string): AsyncGenerator<DirectoryEntry> {
    await this.before(path);
    for (const [name, node] of directoryAt(this.#root(), path).entries)
      yield { name, type: node.kind, identity: `${node.id}` };
  }

  async readlink(path: string): Promise<string> {
    await this.before(path);
    const node = this.#at(path);
    if (node.kind !== 'symlink') throw fault('EINVAL');
    return node.target;
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    await this.before(path);
    const node = this.#at(path);
    if (node.kind !== 'file') throw fault('EISDIR');
    for (let at = 0; at < node.contents.length; at += 4096)
      yield Buffer.from(node.contents.slice(at, at + 4096), 'latin1');
  }

  async write(path: string, contents: AsyncIterable<Uint8Array>, { mode }: WriteOptions): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const bytes of contents) parts.push(bytes);
    const { entries } = this.#writable(path);
    const made = this.#realm.node('file', Buffer.concat(parts).toString('latin1'));
    const existing = entries.get(nameOf(path));
    if (existing?.kind === 'file' && made.kind === 'file') existing.contents = made.contents;
    else entries.set(nameOf(path), { ...made, mode });
    this.#realm.save();
  }

  async remove(path: string): Promise<void> {
    await this.before(path);
    this.#writable(path).entries.delete(nameOf(path));
    this.#realm.save();
  }

  async rename(from: string, to: string): Promise<void> {
    await this.before(from);
    const node = this.#at(from);
    this.#writable(from).entries.delete(nameOf(from));
    this.#writable(to).entries.set(nameOf(to), node);
    this.#realm.save();
  }

  mkdir(): Promise<void> {
    return Promise.reject(fault('EOPNOTSUPP'));
  }

  symlink(): Promise<void> {
    return Promise.reject(fault('EOPNOTSUPP'));
  }

  link(): Promise<void> {
    return Promise.reject(fault('EOPNOTSUPP'));
  }

  setattr(): Promise<void> {
    return Promise.reject(fault('EOPNOTSUPP'));
  }

  #at(path: string): Node {
    const node = find(this.#root(), path);
    if (node === undefined) throw fault('ENOENT');
    return node;
  }

  /** The directory that a name below the workspace stands in; nothing else can be changed. */
  #writable(path: string): Extract<Node, { kind: 'directory' }> {
    const { path: object, session } = this.#realm.state;
    if (!session || !path.startsWith(`${object}/global/`)) throw fault('EROFS');
    return directoryAt(session.progress.global, parentOf(path.slice(`${object}/global`.length)));
  }

  #root(): Node {
    const { path, siblings } = this.#realm.state;
    const parts = partsOf(path);
    const above: Node = directory(new Map([...siblings, [parts.at(-1) ?? '', this.#object()]]));
    return parts.slice(0, -1).reduceRight<Node>((node, part) => directory(new Map([[part, node]])), above);
  }

  #object(): Node {
    const { session, local, server } = this.#realm.state;
    if (session)
      return directory(
        new Map([
          ['global', session.progress.global],
          ['local', local],
        ]),
      );
    if (!this.#realm.isInConflict) return server;
    return { kind: 'symlink', target: '@7f000001.000000c7.00000042@coda.test.', ...plain };
  }
}

const plain = { id: 0, version: 0, mode: 0o755, owner: 'luqi', modified: 0 };

function directory(entries: Map<string, Node>): Node {
  return { kind: 'directory', entries, ...plain };
}
