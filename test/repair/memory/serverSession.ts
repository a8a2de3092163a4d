import { errno } from '../../../src/ipc/errno.ts';
import { VenusError } from '../../../src/ipc/errors.ts';
import { parseHex } from '../../../src/ipc/fid.ts';
import type { RepairDocument } from '../../../src/ipc/repairs.ts';
import type { FileStatus, FileTree } from '../../../src/ipc/venus.ts';
import {
  type RepairBackend,
  RepairError,
  type Replacement,
  type ReplicaOutcome,
  type ServerSession,
  type Settled,
} from '../../../src/repair/backend.ts';
import type { DirectoryId } from '../../../src/ipc/fixFile/fixFile.ts';
import type {
  DirectoryStatus,
  Location,
  Replica,
  ReplicaEntry,
  ReplicaStatus,
} from '../../../src/repair/replicas/replica.ts';
import { type MemoryServers, ROOT, VOLUME, type Vnode, keyOf } from './servers.ts';

const INCONSISTENT = 1;
const ownerNames: Readonly<Record<number, string>> = { 1: 'raiff', 2: '-101' };

/** Sessions over {@link MemoryServers}: where the volume is mounted, paths begin. */
export class MemoryServersBackend implements RepairBackend {
  readonly servers: MemoryServers;
  readonly mount: string;
  /** What was sent, in order. */
  readonly sent: Replacement[] = [];
  expanded = 0;

  constructor(servers: MemoryServers, mount: string) {
    this.servers = servers;
    this.mount = mount;
  }

  begin(path: string): Promise<ServerSession> {
    const key = this.find(path);
    const here = this.servers.sites.flatMap((site) => this.servers.at(site, key) ?? []);
    if (!here.some(({ isInconsistent }) => isInconsistent))
      return Promise.reject(new RepairError('Error beginning repair: Object not in conflict'));
    return Promise.resolve(new MemoryServerSession(this, path, key));
  }

  /** An object by its path, as any server has it. */
  find(path: string): string {
    let key = ROOT;
    for (const name of path.slice(this.mount.length).split('/').filter(Boolean)) {
      const next: string | undefined = this.servers.sites
        .map((site) => this.servers.at(site, key)?.entries.get(name))
        .find((each) => each !== undefined);
      if (next === undefined) throw new VenusError(errno('ENOENT'));
      key = next;
    }
    return key;
  }
}

class MemoryServerSession implements ServerSession {
  readonly kind = 'server/server';
  readonly #backend: MemoryServersBackend;
  readonly #path: string;
  readonly #key: string;
  /** A repaired object has to be expanded anew (spec/repair.md, 12). */
  #isSpent = false;
  #isExpanded = true;

  constructor(backend: MemoryServersBackend, path: string, key: string) {
    this.#backend = backend;
    this.#path = path;
    this.#key = key;
    backend.expanded += 1;
  }

  get #servers(): MemoryServers {
    return this.#backend.servers;
  }

  get object() {
    const { vnode, unique } = idOf(this.#key);
    return { volume: VOLUME, vnode, unique };
  }

  document(): Promise<RepairDocument> {
    const type = isDirectory(this.#key) ? 'directory' : 'file';
    const servers = [...this.#servers.names];
    const common = { id: '1', path: this.#path, client: 'laptop', servers, isResumed: false, mutations: [] };
    return Promise.resolve({ ...common, type, kind: 'server/server', current: 0 });
  }

  replicas(): Promise<readonly Replica[]> {
    return Promise.resolve(
      this.#servers.sites.map((site) => {
        const own = this.#servers.up.has(site) ? this.#servers.at(site, this.#key) : undefined;
        const server = this.#servers.names[site] ?? '';
        return {
          server,
          path: `${this.#path}/${server}`,
          volume: this.#servers.replicaVolume(site),
          slot: site,
          versionVector: own && vectorOf(own),
        };
      }),
    );
  }

  async *entries(replica: Replica): AsyncGenerator<ReplicaEntry> {
    const site = this.#site(replica);
    await Promise.resolve();
    for (const [name, key] of this.#servers.get(site, this.#key).entries) {
      const { vnode, unique, store } = this.#servers.get(site, key);
      yield { name, vnode, unique, storeId: store };
    }
  }

  status(replica: Replica, name: string): Promise<ReplicaStatus | undefined> {
    const site = this.#site(replica);
    const key = name === '' ? this.#key : this.#servers.get(site, this.#key).entries.get(name);
    return Promise.resolve(
      key === undefined ? undefined : statusOf(this.#servers.get(site, key), replica.volume),
    );
  }

  directory(replica: Replica): Promise<DirectoryStatus> {
    const own = this.#servers.get(this.#site(replica), this.#key);
    return Promise.resolve({ ...statusOf(own, replica.volume), access: own.access, quotas: undefined });
  }

  locate(replica: Replica, object: DirectoryId): Promise<Location | undefined> {
    const site = this.#site(replica);
    const found = this.#servers.at(site, keyOf(object));
    const parent = found && this.#servers.at(site, found.parent);
    const name = [...(parent?.entries ?? [])].find(([, key]) => key === keyOf(object))?.[0];
    if (!parent || name === undefined) return Promise.resolve(undefined);
    const { vnode, unique } = parent;
    return Promise.resolve({ parent: { vnode, unique }, name, path: `<rep>/${name}` });
  }

  repair(replacement: Replacement): Promise<readonly ReplicaOutcome[]> {
    this.#backend.sent.push(replacement);
    if (this.#isSpent || !this.#isExpanded) return Promise.reject(new VenusError(errno('EINVAL')));
    const template = this.#servers.template(this.#key);
    const outcomes = [...this.#servers.up].map((site) => ({
      site,
      volume: this.#servers.replicaVolume(site),
      code: this.#repairAt(site, replacement, template),
    }));
    const done = outcomes.filter(({ code }) => code === 0).map(({ site }) => site);
    const [first] = outcomes;
    if (done.length === 0) return Promise.reject(new VenusError(first?.code ?? errno('ETIMEDOUT')));
    this.#servers.countRepair(done, this.#key);
    this.#isSpent = true;
    return Promise.resolve(outcomes.map(({ volume, code }) => ({ volume, code })));
  }

  #repairAt(site: number, replacement: Replacement, template: readonly number[]): number {
    if (replacement.kind === 'fix file')
      return this.#servers.repairDirectory(site, this.#key, replacement.bytes, template);
    if (replacement.kind === 'local file') throw new Error('no files of this machine here');
    const from = this.#servers.sites.find(
      (each) => this.#servers.replicaVolume(each) === replacement.fid.volume,
    );
    const source = this.#servers.get(from ?? 0, keyOf(replacement.fid));
    return this.#servers.repairFile(site, this.#key, source, template);
  }

  fileInCoda(path: string): Promise<Replacement> {
    const server = path.slice(this.#path.length + 1);
    const site = this.#servers.names.indexOf(server);
    const fid = { ...idOf(this.#key), volume: this.#servers.replicaVolume(site) };
    return Promise.resolve({ kind: 'file in Coda', fid, realm: 'coda.test' });
  }

  setVersionVector(replica: Replica, vector: { versions: readonly number[]; flags: number }): Promise<void> {
    const own = this.#servers.get(this.#site(replica), this.#key);
    own.versions = [...vector.versions];
    own.isInconsistent = (vector.flags & INCONSISTENT) !== 0;
    return Promise.resolve();
  }

  settle(): Promise<Settled> {
    this.#collapse();
    this.#servers.resolveBelow(this.#key);
    const isNormal = this.#servers.sites.every((site) => !this.#servers.at(site, this.#key)?.isInconsistent);
    if (!isNormal) {
      this.#isExpanded = true;
      this.#isSpent = false;
      this.#backend.expanded += 1;
    }
    return Promise.resolve(isNormal ? 'normal' : 'in conflict');
  }

  remove(): Promise<void> {
    const [parent] = this.#servers.sites.flatMap((site) => this.#servers.at(site, this.#key)?.parent ?? []);
    const name = this.#path.slice(this.#path.lastIndexOf('/') + 1);
    this.#servers.remove(this.#servers.sites, parent ?? ROOT, name);
    return Promise.resolve();
  }

  abort(): Promise<void> {
    this.#collapse();
    return Promise.resolve();
  }

  #collapse(): void {
    if (this.#isExpanded) this.#backend.expanded -= 1;
    this.#isExpanded = false;
  }

  #site({ server }: Replica): number {
    const site = this.#servers.names.indexOf(server);
    if (!this.#servers.up.has(site)) throw new VenusError(errno('ETIMEDOUT'));
    return site;
  }
}

function vectorOf({ versions, store, isInconsistent }: Vnode) {
  return { versions: [...versions], storeId: { ...store }, flags: isInconsistent ? INCONSISTENT : 0 };
}

function statusOf(vnode: Vnode, volume: number): ReplicaStatus {
  const { kind, mode, owner, modified, contents, links } = vnode;
  return {
    type: kind,
    fid: { volume, vnode: vnode.vnode, unique: vnode.unique },
    versionVector: vectorOf(vnode),
    length: contents.length,
    mode,
    owner,
    ownerName: ownerNames[owner] ?? String(owner),
    linkCount: links,
    modified,
  };
}

function idOf(key: string): DirectoryId {
  const [vnode = 0, unique = 0] = key.split('.').map((part) => parseHex(part));
  return { vnode, unique };
}

function isDirectory(key: string): boolean {
  return idOf(key).vnode % 2 === 1;
}

const refuse = (): never => {
  throw new VenusError(errno('EROFS'));
};

/** The files of an expanded object: the versions of a file. */
export function serverFiles(servers: MemoryServers, key: () => string): FileTree {
  const at = (path: string): Vnode => {
    const site = servers.names.indexOf(path.slice(path.lastIndexOf('/') + 1));
    const found = servers.at(site, key());
    if (!found) throw new VenusError(errno('ENOENT'));
    return found;
  };
  const lstat = (path: string): Promise<FileStatus> => {
    const { kind: type, mode, owner, modified, contents, links } = at(path);
    const status = { type, mode, owner, modified, length: contents.length, linkCount: links };
    return Promise.resolve({ ...status, identity: path });
  };
  return {
    lstat,
    resolve: async (path) => ({ path, status: await lstat(path) }),
    async *readdir() {
      await Promise.resolve();
      yield* servers.names.map((name) => ({ name, type: 'file' as const, identity: name }));
    },
    readlink: (path) => Promise.resolve(at(path).contents),
    async *read(path) {
      await Promise.resolve();
      yield new TextEncoder().encode(at(path).contents);
    },
    write: refuse,
    mkdir: refuse,
    symlink: refuse,
    link: refuse,
    rename: refuse,
    remove: refuse,
    setattr: refuse,
  };
}
