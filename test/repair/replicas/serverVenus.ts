import { readFileSync, writeFileSync } from 'node:fs';
import { formatAcl } from '../../../src/acl/accessList.ts';
import { disableRepair, enableRepair } from '../../../src/ipc/calls/expandObject.ts';
import { getAcl } from '../../../src/ipc/calls/getAcl.ts';
import { getFid } from '../../../src/ipc/calls/getFid.ts';
import { getParentFid } from '../../../src/ipc/calls/getParentFid.ts';
import { getPath } from '../../../src/ipc/calls/getPath.ts';
import { type ReplicaCode, repairObject } from '../../../src/ipc/calls/repairObject.ts';
import { RepairAction, repairCommand } from '../../../src/ipc/calls/repairCommand.ts';
import { setVersionVector } from '../../../src/ipc/calls/setVersionVector.ts';
import { whereIs } from '../../../src/ipc/calls/whereIs.ts';
import { type ErrnoName, errno } from '../../../src/ipc/errno.ts';
import { VenusError } from '../../../src/ipc/errors.ts';
import type { PioctlRequest } from '../../../src/ipc/framing.ts';
import type { FileStatus, FileTree } from '../../../src/ipc/venus.ts';
import { localVersionVector } from '../../../src/ipc/versionVector.ts';
import { type MemoryServers, ROOT, VOLUME, type Vnode, keyOf } from '../memory/servers.ts';

const REALM = 'coda.test';
const FAKE = { volume: 0xffffffff, vnode: 0xfffffffc, unique: 0x2e };
const EXPANDED_MODE = 0o555;

/** What a path stands for. */
type Found =
  | { readonly kind: 'mount' }
  /** The object of the session while it is expanded. */
  | { readonly kind: 'expanded' }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'silent'; readonly site: number }
  | { readonly kind: 'conflict'; readonly key: string }
  | { readonly kind: 'vnode'; readonly site: number; readonly key: string; readonly isReplica: boolean };

/**
 * What a real venus shows of a volume whose servers are {@link MemoryServers}, in the bytes of its requests and replies, with one
 * object that can be expanded. It opens the file of a repair by itself.
 */
export class ServerVenusDouble {
  readonly servers: MemoryServers;
  readonly mount: string;
  readonly object: string;
  readonly asked: string[] = [];
  /** Made anew for each answer; whoever asks removes it. */
  #listings = 0;
  isExpanded = false;
  #isSpent = false;
  /** Replies that are given instead of its own, as they were recorded. */
  recordedReplies: Uint8Array[] = [];

  constructor(servers: MemoryServers, mount: string, name: string) {
    this.servers = servers;
    this.mount = mount;
    this.object = `${mount}/${name}`;
  }

  get #key(): string {
    const name = this.object.slice(this.mount.length + 1);
    return this.servers.get(0, ROOT).entries.get(name) ?? fail('ENOENT');
  }

  async pioctl(request: PioctlRequest): Promise<Uint8Array> {
    await Promise.resolve();
    const { opcode, path } = request;
    this.asked.push(`${opcode} ${path}`);
    switch (opcode) {
      case getFid.opcode:
        return getFid.reply.encode(this.#identity(this.find(path)));
      case enableRepair.opcode:
        if (this.isExpanded) fail('EINVAL');
        this.isExpanded = true;
        this.#isSpent = false;
        return new Uint8Array();
      case disableRepair.opcode:
        this.#collapse();
        return new Uint8Array();
      case repairCommand.opcode:
        return this.#command(repairCommand.request.decode(request.input).action);
      case whereIs.opcode:
        return this.#whereIs(path);
      case getAcl.opcode: {
        const found = this.find(path);
        if (found.kind !== 'vnode') return fail('ENOENT');
        return getAcl.reply.encode(formatAcl(this.servers.get(found.site, found.key).access, 'reply'));
      }
      case getPath.opcode:
      case getParentFid.opcode:
        return this.#located(opcode, getPath.request.decode(request.input));
      case repairObject.opcode:
        return this.recordedReplies.shift() ?? this.#repair(repairObject.request.decode(request.input));
      case setVersionVector.opcode: {
        const found = this.find(path);
        const { versions, flags } = setVersionVector.request.decode(request.input);
        if (found.kind !== 'vnode') return fail('EINVAL');
        const vnode = this.servers.get(found.site, found.key);
        Object.assign(vnode, { versions: [...versions], isInconsistent: (flags & 1) !== 0 });
        return new Uint8Array();
      }
      default:
        throw new Error(`nobody asks a venus for ${opcode} in a repair`);
    }
  }

  find(path: string): Found {
    if (path === this.mount) return { kind: 'mount' };
    if (path === this.object && this.isExpanded) return { kind: 'expanded' };
    if (path === this.object && this.#isInConflict()) return { kind: 'conflict', key: this.#key };
    if (path === this.object) return { kind: 'vnode', site: 0, key: this.#key, isReplica: false };
    if (!this.isExpanded || !path.startsWith(`${this.object}/`)) return fail('ENOENT');
    const [server = '', ...names] = path.slice(this.object.length + 1).split('/');
    if (server === '.localcache') return { kind: 'hidden' };
    const site = this.servers.names.indexOf(server);
    if (site < 0) return fail('ENOENT');
    if (!this.servers.up.has(site)) return names.length === 0 ? { kind: 'silent', site } : fail('ENOENT');
    let key = this.#key;
    for (const name of names) key = this.servers.get(site, key).entries.get(name) ?? fail('ENOENT');
    return { kind: 'vnode', site, key, isReplica: true };
  }

  #isInConflict(): boolean {
    return [...this.servers.up].some((site) => this.servers.at(site, this.#key)?.isInconsistent);
  }

  #identity(found: Found) {
    if (found.kind === 'expanded')
      return { fid: { ...FAKE, realm: 'localhost' }, versionVector: localVersionVector };
    if (found.kind === 'mount')
      return {
        fid: { volume: VOLUME, vnode: 1, unique: 1, realm: REALM },
        versionVector: localVersionVector,
      };
    if (found.kind === 'hidden' || found.kind === 'silent') return fail('ETIMEDOUT');
    const site = found.kind === 'conflict' ? ([...this.servers.up][0] ?? 0) : found.site;
    const { vnode, unique, versions, store, isInconsistent } = this.servers.get(site, found.key);
    const isReplica = found.kind === 'vnode' && found.isReplica;
    const volume = isReplica ? this.servers.replicaVolume(site) : VOLUME;
    const flags = isInconsistent ? 1 : 0;
    const versionVector = isReplica ? { versions, storeId: store, flags } : localVersionVector;
    return { fid: { volume, vnode, unique, realm: REALM }, versionVector };
  }

  #collapse(): void {
    if (!this.isExpanded) fail('EINVAL');
    this.isExpanded = false;
    this.servers.resolveBelow(this.#key);
  }

  #command(action: number): Uint8Array {
    if (action === RepairAction.Begin) return repairCommand.reply.encode(this.isExpanded ? '2' : '-1');
    if (action !== RepairAction.List) return fail('EOPNOTSUPP');
    const ending = 36 ** 5 + ((process.pid * 1000 + this.#listings++) % (35 * 36 ** 5));
    const listing = `/tmp/listlocal-${ending.toString(36)}`;
    writeFileSync(listing, '0 entries total in the modify log for volume rep\n', { mode: 0o600 });
    return repairCommand.reply.encode(listing);
  }

  #whereIs(path: string): Uint8Array {
    if (this.find(path).kind === 'expanded') return fail('EINVAL');
    return whereIs.reply.encode(
      this.servers.sites.map((site) => ({
        address: `10.77.0.${site + 1}`,
        replicaVolume: this.servers.replicaVolume(site),
      })),
    );
  }

  #located(opcode: number, fid: { volume: number; vnode: number; unique: number }): Uint8Array {
    const site = this.servers.sites.find((each) => this.servers.replicaVolume(each) === fid.volume);
    const vnode = site === undefined ? undefined : this.servers.at(site, keyOf(fid));
    const parent = vnode && site !== undefined ? this.servers.at(site, vnode.parent) : undefined;
    if (!vnode || !parent) return fail('ENOENT');
    const name = [...parent.entries].find(([, key]) => key === keyOf(vnode))?.[0] ?? fail('ENOENT');
    if (opcode === getPath.opcode) return getPath.reply.encode(`<rep>/${name}`);
    return getParentFid.reply.encode({ volume: fid.volume, vnode: parent.vnode, unique: parent.unique });
  }

  #repair(source: ReturnType<typeof repairObject.request.decode>): Uint8Array {
    if (this.#isSpent || !this.#isInConflict()) return fail('EINVAL');
    const template = this.servers.template(this.#key);
    const outcomes = [...this.servers.up].map((site) => {
      const code =
        source.kind === 'local'
          ? this.#repairBy(site, readFileSync(source.path), template)
          : this.servers.repairFile(site, this.#key, this.#source(source.fid), template);
      return { site, code };
    });
    const done = outcomes.filter(({ code }) => code === 0).map(({ site }) => site);
    if (done.length === 0) throw new VenusError(outcomes[0]?.code ?? errno('ETIMEDOUT'));
    this.servers.countRepair(done, this.#key);
    this.#isSpent = true;
    const codes = outcomes.map(({ site, code }): ReplicaCode => ({
      volume: this.servers.replicaVolume(site),
      code,
    }));
    return repairObject.reply.encode(codes);
  }

  #repairBy(site: number, bytes: Buffer, template: readonly number[]): number {
    const file = this.servers.get(site, this.#key);
    if (file.kind === 'directory') return this.servers.repairDirectory(site, this.#key, bytes, template);
    const from: Vnode = { ...file, contents: bytes.toString() };
    return this.servers.repairFile(site, this.#key, from, template);
  }

  #source(fid: { volume: number; vnode: number; unique: number }): Vnode {
    const site = this.servers.sites.find((each) => this.servers.replicaVolume(each) === fid.volume);
    return this.servers.get(site ?? 0, keyOf(fid));
  }

  /** The file tree beside the requests. */
  get files(): FileTree {
    const refuse = (): Promise<never> => Promise.reject(new VenusError(errno('EROFS')));
    return {
      lstat: (path) => this.#lstat(path),
      resolve: async (path) => ({ path, status: await this.#lstat(path) }),
      readdir: (path) => this.#readdir(path),
      readlink: async (path) => {
        await Promise.resolve();
        return this.#link(this.find(path));
      },
      read: (path) => this.#read(path),
      remove: (path) => this.#remove(path),
      write: refuse,
      mkdir: refuse,
      symlink: refuse,
      link: refuse,
      rename: refuse,
      setattr: refuse,
    };
  }

  async #lstat(path: string): Promise<FileStatus> {
    await Promise.resolve();
    const found = this.find(path);
    const common = { length: 0, linkCount: 1, owner: 0, modified: 0, identity: path };
    if (found.kind === 'expanded' || found.kind === 'mount')
      return { ...common, type: 'directory', mode: EXPANDED_MODE };
    if (found.kind === 'hidden') return fail('EIO');
    if (found.kind !== 'vnode') return { ...common, type: 'symlink', mode: 0o644 };
    const { kind: type, mode, owner, modified, contents, links } = this.servers.get(found.site, found.key);
    return { type, mode, owner, modified, length: contents.length, linkCount: links, identity: path };
  }

  #link(found: Found): string {
    const volume = found.kind === 'silent' ? this.servers.replicaVolume(found.site) : VOLUME;
    if (found.kind !== 'silent' && found.kind !== 'conflict') return fail('EINVAL');
    const [vnode = '', unique = ''] = this.#key.split('.');
    const hex = [volume.toString(16), vnode, unique].map((part) => part.padStart(8, '0'));
    return `@${hex.join('.')}@${REALM}.`;
  }

  async *#readdir(path: string): AsyncGenerator<{ name: string; type: 'directory'; identity: string }> {
    await Promise.resolve();
    const found = this.find(path);
    const names =
      found.kind === 'expanded'
        ? ['.localcache', ...this.servers.names]
        : found.kind === 'vnode'
          ? [...this.servers.get(found.site, found.key).entries.keys()]
          : fail('ENOTDIR');
    for (const name of names) yield { name, type: 'directory', identity: name };
  }

  async *#read(path: string): AsyncGenerator<Uint8Array> {
    await Promise.resolve();
    const found = this.find(path);
    if (found.kind !== 'vnode') return fail('ENOENT');
    yield new TextEncoder().encode(this.servers.get(found.site, found.key).contents);
  }

  #remove(path: string): Promise<void> {
    if (path !== this.object || this.isExpanded || this.#isInConflict()) fail('EPERM');
    this.servers.remove(this.servers.sites, ROOT, path.slice(this.mount.length + 1));
    return Promise.resolve();
  }
}

function fail(name: ErrnoName): never {
  throw new VenusError(errno(name));
}
