import type { AttributeChange, DirectoryEntry, FileStatus, FileTree } from '../../src/ipc/venus.ts';
import { fault, nameOf, statusOf } from './memory/nodes.ts';
import { type Change, VOLUME } from './realChanges.ts';
import type { RealVenusDouble } from './realVenus.ts';

/** What a {@link RealVenusDouble} shows to ordinary programs, and what they change. */
export class RealFiles implements FileTree {
  /** Changes that were made, in their order. */
  readonly changes: string[] = [];
  readonly #venus: RealVenusDouble;

  constructor(venus: RealVenusDouble) {
    this.#venus = venus;
  }

  async lstat(path: string): Promise<FileStatus> {
    await Promise.resolve();
    return statusOf(this.#venus.at(path));
  }

  async resolve(path: string): Promise<{ path: string; status: FileStatus }> {
    return { path, status: await this.lstat(path) };
  }

  async *readdir(path: string): AsyncGenerator<DirectoryEntry> {
    await Promise.resolve();
    const node = this.#venus.at(path);
    if (node.kind !== 'directory') throw fault('ENOTDIR');
    for (const [name, each] of node.entries) yield { name, type: each.kind, identity: `${each.id}` };
  }

  async readlink(path: string): Promise<string> {
    await Promise.resolve();
    const node = this.#venus.at(path);
    if (node.kind !== 'symlink') throw fault('EINVAL');
    return node.target;
  }

  async *read(path: string): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    const node = this.#venus.at(path);
    if (node.kind !== 'file') throw fault('EISDIR');
    for (let at = 0; at < node.contents.length; at += 4096)
      yield Buffer.from(node.contents.slice(at, at + 4096), 'latin1');
  }

  async write(path: string, contents: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const bytes of contents) parts.push(bytes);
    this.#make(path, { op: 'store', path: below(path), contents: Buffer.concat(parts).toString('latin1') });
  }

  async mkdir(path: string): Promise<void> {
    await Promise.resolve();
    this.#make(path, { op: 'mkdir', path: below(path) });
  }

  async symlink(path: string, target: string): Promise<void> {
    await Promise.resolve();
    this.#make(path, { op: 'symlink', path: below(path), target });
  }

  link(): Promise<void> {
    return Promise.reject(fault('EOPNOTSUPP'));
  }

  async rename(from: string, to: string): Promise<void> {
    await Promise.resolve();
    this.#make(to, { op: 'rename', from: below(from), to: below(to) });
  }

  async remove(path: string): Promise<void> {
    await Promise.resolve();
    const node = this.#venus.at(path);
    if (node.kind === 'directory' && node.entries.size > 0) throw fault('ENOTEMPTY');
    this.#make(path, { op: 'remove', path: below(path) });
  }

  async setattr(path: string, { mode }: AttributeChange): Promise<void> {
    await Promise.resolve();
    if (mode === undefined) throw fault('EOPNOTSUPP');
    this.#make(path, { op: 'chmod', path: below(path), mode });
  }

  #make(path: string, change: Change): void {
    this.#venus.ordinary(path, change);
    this.changes.push(`${change.op} ${nameOf(path)}`);
  }
}

function below(path: string): string {
  return path.slice(VOLUME.length + 1);
}
