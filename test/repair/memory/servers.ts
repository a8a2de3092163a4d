/**
 * A volume on several servers, each with its own replica, as spec/repair.md 12 to 14 says how they take a repair and what
 * resolution makes of it afterwards. What two sides changed while they were apart is never merged here: it is always for
 * somebody to repair.
 */
import type { AccessList } from '../../../src/acl/accessList.ts';
import { parseFixBinary } from '../../../src/ipc/fixFile/fixBinary.ts';
import type { FixOperation } from '../../../src/ipc/fixFile/fixFile.ts';

export type Kind = 'file' | 'directory' | 'symlink';

export interface Vnode {
  readonly vnode: number;
  readonly unique: number;
  readonly kind: Kind;
  versions: number[];
  store: { host: number; unique: number };
  isInconsistent: boolean;
  mode: number;
  owner: number;
  author: number;
  modified: number;
  contents: string;
  access: AccessList;
  /** Of a directory: keys of vnodes by name. */
  entries: Map<string, string>;
  parent: string;
  links: number;
}

/** A server would not have survived that. */
export class ServerCrash extends Error {}

export const VOLUME = 0x7f000003;
export const ROOT = '1.1';
export const MAX_SITES = 8;
const REPAIRER = 777;
const [ENOENT, EEXIST, EINVAL] = [2, 17, 22];

export function keyOf({ vnode, unique }: { readonly vnode: number; readonly unique: number }): string {
  return `${vnode.toString(16)}.${unique.toString(16)}`;
}

export class MemoryServers {
  readonly names: readonly string[];
  readonly stores: Map<string, Vnode>[];
  /** Which servers answer. */
  readonly up = new Set<number>();
  now = 1_000_000_000_000;
  #next = 2;

  constructor(names: readonly string[]) {
    this.names = names;
    this.stores = names.map(() => new Map<string, Vnode>());
    names.forEach((_, site) => this.up.add(site));
    for (const site of this.sites) this.#store(site).set(ROOT, this.#vnode('directory', 1, 1, ROOT));
  }

  get sites(): readonly number[] {
    return this.names.map((_, site) => site);
  }

  replicaVolume(site: number): number {
    return (site + 1) * 0x1000000 + 2;
  }

  at(site: number, key: string): Vnode | undefined {
    return this.#store(site).get(key);
  }

  /** @throws Error where it is not: a mistake of the test */
  get(site: number, key: string): Vnode {
    const found = this.at(site, key);
    if (!found) throw new Error(`server ${site} has no ${key}`);
    return found;
  }

  /** Somebody's new object, made at the servers that he reaches. */
  make(sites: readonly number[], parent: string, name: string, kind: Kind, contents = '', owner = 1): string {
    const number = this.#next++;
    const made = this.#vnode(kind, 2 * number + (kind === 'directory' ? 1 : 0), number, parent);
    Object.assign(made, { contents, owner, author: owner });
    for (const site of sites) {
      this.#store(site).set(keyOf(made), structuredClone(made));
      this.get(site, parent).entries.set(name, keyOf(made));
    }
    this.touch(sites, keyOf(made));
    this.touch(sites, parent);
    return keyOf(made);
  }

  change(sites: readonly number[], key: string, change: Partial<Vnode>): void {
    for (const site of sites) Object.assign(this.get(site, key), structuredClone(change));
    this.touch(sites, key);
  }

  link(sites: readonly number[], parent: string, name: string, key: string): void {
    for (const site of sites) {
      this.get(site, parent).entries.set(name, key);
      this.get(site, key).links += 1;
    }
    this.touch(sites, key);
    this.touch(sites, parent);
  }

  remove(sites: readonly number[], parent: string, name: string): void {
    for (const site of sites) this.#removeAt(site, this.get(site, parent), name);
    this.touch(sites, parent);
  }

  rename(sites: readonly number[], from: string, name: string, to: string, newName: string): void {
    for (const site of sites) this.#moveAt(site, this.get(site, from), name, this.get(site, to), newName);
    this.touch(sites, from);
    if (to !== from) this.touch(sites, to);
  }

  /** One update: counted for every server that took part. */
  touch(sites: readonly number[], key: string): void {
    const store = { host: 0x8002f23e, unique: this.#next++ };
    this.now += 60_000;
    for (const site of sites) {
      const vnode = this.get(site, key);
      for (const other of sites) vnode.versions[other] = (vnode.versions[other] ?? 0) + 1;
      Object.assign(vnode, { store: { ...store }, modified: this.now });
    }
  }

  /** All servers see each other again, and look at everything. */
  heal(): void {
    this.#resolveTree(ROOT, new Set());
  }

  /** The first object in conflict from the top, by its path in the volume. */
  firstConflict(): { readonly path: readonly string[]; readonly key: string } | undefined {
    const queue: { path: readonly string[]; key: string }[] = [{ path: [], key: ROOT }];
    const seen = new Set<string>();
    for (const each of queue) {
      if (seen.has(each.key)) continue;
      seen.add(each.key);
      const here = this.sites.flatMap((site) => this.at(site, each.key) ?? []);
      if (here.some((vnode) => vnode.isInconsistent)) return each;
      const [first] = here;
      for (const [name, key] of first?.entries ?? []) queue.push({ path: [...each.path, name], key });
    }
    return undefined;
  }

  /** ViceRepair of a directory at one server. @returns 0 or an errno @throws ServerCrash */
  repairDirectory(site: number, key: string, fixFile: Uint8Array, template: readonly number[]): number {
    const { sections } = parseFixBinary(fixFile, 'sent');
    const own = sections.filter(({ volume }) => volume === this.replicaVolume(site));
    if (own.length > 1) return EINVAL;
    const operations = own.flatMap(({ steps }) => steps.map(({ operation }) => operation));
    const directory = this.get(site, key);
    if (!directory.isInconsistent) return EINVAL;
    for (const operation of operations) {
      const refused = this.#check(site, directory, operation);
      if (refused !== 0) return refused;
    }
    for (const operation of operations) this.#perform(site, directory, operation);
    directory.versions = [...template];
    directory.author = REPAIRER;
    return 0;
  }

  repairFile(site: number, key: string, from: Vnode, template: readonly number[]): number {
    const file = this.at(site, key);
    if (!file?.isInconsistent) return EINVAL;
    const { contents, owner, mode, modified } = from;
    Object.assign(file, { contents, owner, mode, modified, author: 0, isInconsistent: false });
    file.versions = [...template];
    return 0;
  }

  /** Servers that took a repair count it together. */
  countRepair(sites: readonly number[], key: string): void {
    const store = { host: 0xbeef, unique: this.#next++ };
    for (const site of sites) {
      const vnode = this.get(site, key);
      for (const other of sites) vnode.versions[other] = (vnode.versions[other] ?? 0) + 1;
      vnode.store = { ...store };
    }
  }

  template(key: string): number[] {
    const all = this.#present(key).map(({ versions }) => versions);
    return Array.from({ length: MAX_SITES }, (_, slot) => Math.max(...all.map((each) => each[slot] ?? 0)));
  }

  /** Everything below the root as one server has it, without what only that server counts. */
  tree(site: number, key = ROOT): unknown {
    const { kind, mode, owner, contents, access, entries, isInconsistent } = this.get(site, key);
    const children = [...entries].sort().map(([name, child]) => [name, child, this.tree(site, child)]);
    const rights = [...access.positive].sort((one, other) => (one.name < other.name ? -1 : 1));
    return { kind, mode, owner, contents, rights, isInconsistent, children };
  }

  /** What a server makes of an operation, looking at what there is before the first one. */
  #check(site: number, directory: Vnode, operation: FixOperation): number {
    if ('fid' in operation) {
      if (operation.fid.volume !== VOLUME) return EINVAL;
      if (directory.entries.has(operation.name)) return EEXIST;
      const isThere = this.#store(site).has(keyOf(operation.fid));
      return isThere && operation.op !== 'createl' ? EINVAL : 0;
    }
    if (operation.op === 'removed' || operation.op === 'removefsl') {
      const child = directory.entries.get(operation.name);
      if (child === undefined) return ENOENT;
      const isDirectory = this.get(site, child).kind === 'directory';
      if (operation.op === 'removed' && !isDirectory) throw new ServerCrash('removed of no directory');
      return operation.op === 'removefsl' && isDirectory ? EINVAL : 0;
    }
    if (operation.op === 'mv') {
      if (operation.volume !== VOLUME) return EINVAL;
      const source = this.at(site, keyOf(operation.source));
      const target = this.at(site, keyOf(operation.target));
      if (!source || !target) return EINVAL;
      if (!source.entries.has(operation.from)) throw new ServerCrash('mv of nothing');
      if (target.entries.has(operation.to)) return EEXIST;
      return source.isInconsistent || target.isInconsistent ? 0 : EINVAL;
    }
    if ('rights' in operation && operation.rights === 0)
      return listed(directory, operation.op, operation.user) ? 0 : EINVAL;
    return 0;
  }

  #perform(site: number, directory: Vnode, operation: FixOperation): void {
    if ('fid' in operation) {
      if (directory.entries.has(operation.name)) throw new ServerCrash(`${operation.name} was made twice`);
      const key = keyOf(operation.fid);
      directory.entries.set(operation.name, key);
      if (operation.op === 'createl') {
        if (!this.at(site, key)) throw new ServerCrash('createl of what there is not');
        this.get(site, key).links += 1;
        return;
      }
      const kind = operation.op === 'created' ? 'directory' : operation.op === 'creates' ? 'symlink' : 'file';
      const runt = this.#vnode(kind, operation.fid.vnode, operation.fid.unique, keyOf(directory));
      this.#store(site).set(key, { ...runt, owner: REPAIRER, author: REPAIRER });
    } else if (operation.op === 'removed' || operation.op === 'removefsl')
      this.#removeAt(site, directory, operation.name);
    else if (operation.op === 'mv') {
      const [source, target] = [operation.source, operation.target].map((each) =>
        this.get(site, keyOf(each)),
      );
      if (!source || !target) return;
      if (!source.entries.has(operation.from)) throw new ServerCrash('mv of what an earlier line took away');
      this.#moveAt(site, source, operation.from, target, operation.to);
      source.isInconsistent = target.isInconsistent = true;
    } else if (operation.op === 'setmode') directory.mode = operation.mode;
    else if (operation.op === 'setowner') directory.owner = operation.owner;
    else if (operation.op === 'setmtime') directory.modified = operation.seconds * 1000;
    else if ('rights' in operation) setRights(directory, operation.op, operation.user, operation.rights);
  }

  #removeAt(site: number, directory: Vnode, name: string): void {
    const key = directory.entries.get(name);
    if (key === undefined) throw new Error(`nothing is called ${name}`);
    directory.entries.delete(name);
    const gone = this.get(site, key);
    for (const below of [...gone.entries.keys()]) this.#removeAt(site, gone, below);
    gone.links -= 1;
    if (gone.links === 0) this.#store(site).delete(key);
  }

  #moveAt(site: number, from: Vnode, name: string, to: Vnode, newName: string): void {
    const key = from.entries.get(name);
    if (key === undefined) throw new Error(`nothing is called ${name}`);
    from.entries.delete(name);
    to.entries.set(newName, key);
    this.get(site, key).parent = keyOf(to);
  }

  #resolveTree(key: string, seen: Set<string>): void {
    if (seen.has(key)) return;
    seen.add(key);
    this.resolve(key);
    const here = this.#present(key);
    if (here.some(({ isInconsistent }) => isInconsistent)) return;
    for (const child of new Set(here.flatMap(({ entries }) => [...entries.values()])))
      this.#resolveTree(child, seen);
  }

  /** Resolution of one object, and of what is below it when it is normal. */
  resolveBelow(key: string): void {
    this.#resolveTree(key, new Set());
  }

  resolve(key: string): void {
    const here = this.#present(key);
    const [first] = here;
    if (!first) return;
    if (here.some(({ isInconsistent }) => isInconsistent)) {
      const isAlike = first.kind === 'directory' && new Set(here.map(compared)).size === 1;
      for (const vnode of here) vnode.isInconsistent = !isAlike;
      return;
    }
    const newest = here.find((one) => here.every((other) => covers(one.versions, other.versions)));
    if (!newest || this.#isRenamedInto(key, newest)) for (const vnode of here) vnode.isInconsistent = true;
    else for (const site of this.up) if (this.at(site, key)) this.#bringUpToDate(site, key, newest);
  }

  /** Whether a replica has something elsewhere that the newest one has here: that takes both directories. */
  #isRenamedInto(key: string, newest: Vnode): boolean {
    return [...newest.entries.values()].some((child) =>
      this.#present(child).some(({ parent }) => parent !== key),
    );
  }

  /** A replica that saw no update of its own takes what the others have. */
  #bringUpToDate(site: number, key: string, newest: Vnode): void {
    const vnode = this.get(site, key);
    if (vnode === newest) return;
    const { entries, ...rest } = structuredClone(newest);
    const kept = new Set(entries.values());
    for (const [name, child] of [...vnode.entries]) {
      if (entries.get(name) === child) continue;
      if (!kept.has(child)) this.#removeAt(site, vnode, name);
      else {
        // What only gets another name keeps what was written to it here.
        vnode.entries.delete(name);
        this.get(site, child).links -= 1;
      }
    }
    Object.assign(vnode, { ...rest, entries: vnode.entries, links: vnode.links });
    for (const [name, child] of entries) {
      if (vnode.entries.has(name)) continue;
      vnode.entries.set(name, child);
      const there = this.at(site, child);
      if (there) {
        there.links += 1;
        continue;
      }
      const source = this.#present(child)[0];
      if (!source) throw new Error(`nobody has ${child}`);
      this.#store(site).set(child, this.#vnode(source.kind, source.vnode, source.unique, key));
    }
  }

  #present(key: string): readonly Vnode[] {
    return [...this.up].flatMap((site) => this.at(site, key) ?? []);
  }

  #store(site: number): Map<string, Vnode> {
    const store = this.stores[site];
    if (!store) throw new Error(`there is no server ${site}`);
    return store;
  }

  #vnode(kind: Kind, vnode: number, unique: number, parent: string): Vnode {
    return {
      vnode,
      unique,
      kind,
      parent,
      versions: new Array<number>(MAX_SITES).fill(0),
      store: { host: 0, unique: 0 },
      isInconsistent: false,
      mode: kind === 'directory' ? 0o755 : kind === 'file' ? 0o644 : 0o777,
      owner: 1,
      author: 1,
      modified: this.now,
      contents: '',
      access: { positive: [{ name: 'System:AnyUser', rights: 9 }], negative: [] },
      entries: new Map(),
      links: 1,
    };
  }
}

/** What resolution compares before it takes the mark away; access lists are only logged. */
function compared({ links, author, owner, mode, parent, versions, entries }: Vnode): string {
  return JSON.stringify([links, author, owner, mode, parent, versions, [...entries].sort()]);
}

function covers(one: readonly number[], other: readonly number[]): boolean {
  return other.every((count, slot) => (one[slot] ?? 0) >= count);
}

function listed({ access }: Vnode, op: 'setacl' | 'setnacl', user: string): boolean {
  return access[op === 'setacl' ? 'positive' : 'negative'].some(({ name }) => name === user);
}

function setRights(directory: Vnode, op: 'setacl' | 'setnacl', user: string, rights: number): void {
  const side = op === 'setacl' ? 'positive' : 'negative';
  const others = directory.access[side].filter(({ name }) => name !== user);
  const entries = rights === 0 ? others : [...others, { name: user, rights }];
  directory.access = { ...directory.access, [side]: entries };
}
