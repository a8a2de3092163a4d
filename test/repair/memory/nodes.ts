import { type ErrnoName, errno } from '../../../src/ipc/errno.ts';
import { VenusError } from '../../../src/ipc/errors.ts';
import type { FileStatus } from '../../../src/ipc/venus.ts';

interface Common {
  /** The same for an object in the client's tree and in the servers'. */
  id: number;
  /** Counts the changes that the servers have made. */
  version: number;
  mode: number;
  owner: string;
  modified: number;
}
export type Node = Common &
  (
    | { kind: 'file'; contents: string }
    | { kind: 'directory'; entries: Map<string, Node> }
    | { kind: 'symlink'; target: string }
  );
export type Directory = Extract<Node, { kind: 'directory' }>;

export function fault(name: ErrnoName): VenusError {
  return new VenusError(errno(name));
}

export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

export function parentOf(path: string): string {
  return partsOf(path).slice(0, -1).join('/');
}

export function nameOf(path: string): string {
  return partsOf(path).at(-1) ?? '';
}

export function find(root: Node, path: string): Node | undefined {
  let node: Node | undefined = root;
  for (const part of partsOf(path)) node = node?.kind === 'directory' ? node.entries.get(part) : undefined;
  return node;
}

export function directoryAt(root: Node, path: string): Directory {
  const node = find(root, path);
  if (node === undefined) throw fault('ENOENT');
  if (node.kind !== 'directory') throw fault('ENOTDIR');
  return node;
}

export function statusOf(node: Node): FileStatus {
  const subdirectories =
    node.kind === 'directory'
      ? [...node.entries.values()].filter(({ kind }) => kind === 'directory').length
      : 0;
  const lengths = {
    file: () => (node.kind === 'file' ? node.contents.length : 0),
    directory: () => 2048,
    symlink: () => (node.kind === 'symlink' ? node.target.length : 0),
  };
  return {
    type: node.kind,
    length: lengths[node.kind](),
    mode: node.mode,
    linkCount: node.kind === 'directory' ? 2 + subdirectories : 1,
    owner: 501,
    ownerName: node.owner,
    modified: node.modified,
    identity: `${node.id}`,
  };
}

/** Everything below a node, by path, as tests compare it. */
export function contentsOf(node: Node, prefix = ''): Record<string, string> {
  if (node.kind === 'file') return { [prefix]: node.contents };
  if (node.kind === 'symlink') return { [prefix]: `-> ${node.target}` };
  const below = [...node.entries].map(([name, each]) =>
    contentsOf(each, prefix === '' ? name : `${prefix}/${name}`),
  );
  return below.reduce<Record<string, string>>(
    (all, each) => ({ ...all, ...each }),
    prefix === '' ? {} : { [prefix]: 'directory' },
  );
}
