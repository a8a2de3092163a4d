import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { Decision, LocalMutation, Verdict } from '../../../src/ipc/repairs.ts';
import { type Directory, type Node, directoryAt, fault, find, nameOf, parentOf } from './nodes.ts';

/** A mutation, with what its object was when it was made. */
export interface Logged {
  mutation: LocalMutation;
  /** Of the object it is about, in the client's tree. */
  id: number;
  /** What the client knew of the servers' versions of it. */
  version: number;
}

/** The part of a session that undo takes back. */
export interface Progress {
  global: Node;
  siblings: Map<string, Node>;
  /** Where local paths are to be found in the global tree, the latest last. */
  moves: [from: string, to: string][];
  decisions: Decision[];
}

export interface State {
  /** The object, from the Coda root. */
  path: string;
  local: Node;
  server: Node;
  /** Names beside the object that commits have made. */
  siblings: Map<string, Node>;
  log: Logged[];
  session: { progress: Progress; before: Progress[]; stamp: number } | undefined;
  /** Counts what others do at the servers. */
  stamp: number;
  lastTouched: string;
  /** Directories in which the servers allow nothing. */
  denied: string[];
  /** Bytes that fit. */
  quota: number;
  isReachable: boolean;
  nextId: number;
  clock: number;
}

/**
 * A client and its servers, with one object in conflict: both sides' trees, the modify log between them, and the session.
 * With a file it outlives its process.
 */
export class MemoryRealm {
  readonly state: State;
  readonly #file: string | undefined;

  constructor(
    path = '/usr/luqi/papers/cscw',
    clock = 0,
    file?: string,
    type: 'directory' | 'file' = 'directory',
  ) {
    this.#file = file;
    const common = { id: 1, version: 1, mode: 0o755, owner: 'luqi', modified: clock };
    const root: Node =
      type === 'directory'
        ? { kind: 'directory', entries: new Map(), ...common }
        : { kind: 'file', contents: 'common\n', ...common, mode: 0o644 };
    this.state = {
      path,
      local: structuredClone(root),
      server: root,
      siblings: new Map(),
      log: [],
      session: undefined,
      stamp: 0,
      lastTouched: '',
      denied: [],
      quota: Infinity,
      isReachable: true,
      nextId: 2,
      clock,
    };
    this.save();
  }

  static load(file: string): MemoryRealm {
    const realm = new MemoryRealm('/', 0);
    Object.assign(realm.state, deserialize(readFileSync(file)));
    return Object.assign(realm, { save: () => realm.#write(file) });
  }

  save(): void {
    if (this.#file !== undefined) this.#write(this.#file);
  }

  #write(file: string): void {
    writeFileSync(`${file}.new`, serialize(this.state));
    renameSync(`${file}.new`, file);
  }

  get isInConflict(): boolean {
    return this.state.log.length > 0;
  }

  node(kind: 'directory'): Directory;
  node(kind: 'file' | 'symlink', text: string): Node;
  node(kind: Node['kind'], text = ''): Node {
    const { nextId: id, clock: modified } = this.state;
    this.state.nextId += 1;
    const common = { id, version: 0, owner: 'luqi', modified };
    if (kind === 'directory') return { kind, entries: new Map(), mode: 0o755, ...common };
    if (kind === 'file') return { kind, contents: text, mode: 0o644, ...common };
    return { kind, target: text, mode: 0o777, ...common };
  }

  /** What both sides had before they were parted. */
  common(make: (root: Node) => void): void {
    make(this.state.server);
    this.state.local = structuredClone(this.state.server);
  }

  /** Somebody else changes something at the servers. */
  others(path: string, change: (root: Node) => void): void {
    change(this.state.server);
    this.state.stamp += 1;
    this.state.lastTouched = path;
    this.save();
  }

  /** A change at the client while it is disconnected. */
  locally(mutation: MutationWithoutTime): void {
    const { local, log, clock } = this.state;
    const before = find(local, mutation.path);
    const complete: LocalMutation = { sequence: log.length + 1, time: clock, ...mutation };
    perform(this, local, complete, complete.path, 'to' in complete ? complete.to : undefined, undefined);
    const about = before ?? find(local, mutation.path);
    if (about === undefined) throw fault('ENOENT');
    log.push({ mutation: complete, id: about.id, version: about.version });
    this.save();
  }
}

type WithoutTime<T> = T extends LocalMutation ? Omit<T, 'sequence' | 'time'> & { contents?: string } : never;
/** Contents go with a store. */
export type MutationWithoutTime = WithoutTime<LocalMutation>;

/** Puts a node where its directory is. */
export function put(root: Node, path: string, node: Node): void {
  directoryAt(root, parentOf(path)).entries.set(nameOf(path), node);
}

export function take(root: Node, path: string): Node {
  const directory = directoryAt(root, parentOf(path));
  const node = directory.entries.get(nameOf(path));
  if (node === undefined) throw fault('ENOENT');
  directory.entries.delete(nameOf(path));
  return node;
}

/**
 * Performs a mutation on a tree, whatever is there.
 * @param local the object in the client's tree, when it is done for the servers' one
 */
export function perform(
  realm: MemoryRealm,
  root: Node,
  mutation: LocalMutation & { contents?: string },
  path: string,
  to: string | undefined,
  local: Node | undefined,
): void {
  const fresh = (node: Node): Node => ({ ...node, id: local?.id ?? node.id, mode: local?.mode ?? node.mode });
  switch (mutation.op) {
    case 'create':
      put(root, path, fresh(realm.node('file', '')));
      return;
    case 'mkdir':
      put(root, path, fresh(realm.node('directory')));
      return;
    case 'symlink':
      put(root, path, fresh(realm.node('symlink', mutation.target)));
      return;
    case 'remove':
    case 'rmdir':
      take(root, path);
      return;
    case 'rename':
      put(root, to ?? '', take(root, path));
      return;
    case 'link':
      put(root, to ?? '', existing(root, path));
      return;
    case 'store': {
      const node = existing(root, path);
      if (node.kind !== 'file') throw fault('EISDIR');
      const contents = local?.kind === 'file' ? local.contents : (mutation.contents ?? '');
      node.contents = contents.slice(0, mutation.length);
      node.modified = mutation.time;
      return;
    }
    case 'chmod':
      existing(root, path).mode = mutation.mode;
      return;
    case 'chown':
      existing(root, path).owner = String(mutation.owner);
      return;
    case 'utimes':
      existing(root, path).modified = mutation.modified;
  }
}

function existing(root: Node, path: string): Node {
  const node = find(root, path);
  if (node === undefined) throw fault('ENOENT');
  return node;
}

export function conflict(
  obstruction: Extract<Verdict, { kind: 'conflict' }>['obstruction'],
  target: string,
): Verdict {
  return { kind: 'conflict', obstruction, target };
}
