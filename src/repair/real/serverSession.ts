/** A session of a server/server conflict by what every venus shows of it: an entry for each server, and pioctls. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { joinPath, splitPath } from '../../ipc/codaPath.ts';
import { isErrno } from '../../ipc/errors.ts';
import type { RepairSource } from '../../ipc/calls/repairObject.ts';
import { type RealmFid, parseRealmFid } from '../../ipc/fid.ts';
import type { RepairDocument } from '../../ipc/repairs.ts';
import { type Milliseconds, monotonicTime } from '../../ipc/timeLimit.ts';
import type { FileTree } from '../../ipc/venus.ts';
import { type VersionVector, VSG_SIZE } from '../../ipc/versionVector.ts';
import { printable } from '../../term/printable.ts';
import {
  type Replacement,
  type ReplicaOutcome,
  RepairError,
  type ServerSession,
  type Settled,
} from '../backend.ts';
import type { DirectoryId } from '../../ipc/fixFile/fixFile.ts';
import { inParallel } from '../replicas/inParallel.ts';
import type { DirectoryStatus, Location, Replica, ReplicaEntry, ReplicaStatus } from '../replicas/replica.ts';
import { isInConflict } from './commit.ts';
import { statusOf } from './globalView.ts';
import { LOCAL_ENTRY } from './objectPaths.ts';
import type { RealVenus } from './realVenus.ts';

/** What a session needs of a venus. */
export interface ReplicaCoda {
  readonly venus: RealVenus;
  readonly files: FileTree;
  /** How long the object may show as in conflict after a repair before it counts as one. */
  readonly patience: Milliseconds;
  readonly client: string;
}

/** What is known of an object before, or besides, its being expanded. */
export interface ReplicatedObject {
  readonly path: string;
  /** In the replicated volume. */
  readonly fid: RealmFid;
  /** The volumes of its replicas by their places in version vectors, where venus told them. */
  readonly slots: readonly (number | undefined)[];
  readonly kind: 'server/server' | 'mixed';
  readonly isResumed: boolean;
}

/** Requests that are under way at a time. */
const PARALLEL = 64;
const LONGEST_WAIT: Milliseconds = 5000;
const [FIRST_PAUSE, LONGEST_PAUSE] = [20, 500];
const LOCAL_GLOBAL = '1';
const neverUpdated: VersionVector = {
  versions: new Array<number>(VSG_SIZE).fill(0),
  storeId: { host: 0, unique: 0 },
  flags: 0,
};

export class RealServerSession implements ServerSession {
  readonly kind = 'server/server';
  readonly #coda: ReplicaCoda;
  readonly #about: ReplicatedObject;
  #replicas: readonly Replica[];
  #isExpanded = true;
  readonly #type: RepairDocument['type'];

  /** @throws RepairError where no server shows its version, or their kinds differ */
  static async open(coda: ReplicaCoda, about: ReplicatedObject): Promise<RealServerSession> {
    const replicas = await readReplicas(coda, about);
    const types = new Set<boolean>();
    for (const { path, versionVector } of replicas)
      if (versionVector) types.add((await coda.files.lstat(path)).type === 'directory');
    const [isDirectory, ...others] = types;
    if (isDirectory === undefined)
      throw new RepairError('Error beginning repair: No accessible replicas', {
        why: 'None of its servers shows what it has.',
        next: 'Try again when one of them answers: cfs checkservers',
      });
    if (others.length > 0)
      throw new RepairError('Could not determine conflict type', {
        why: 'Some servers have a directory there, and others a file.',
      });
    return new RealServerSession(coda, about, replicas, isDirectory ? 'directory' : 'file');
  }

  private constructor(
    coda: ReplicaCoda,
    about: ReplicatedObject,
    replicas: readonly Replica[],
    type: RepairDocument['type'],
  ) {
    this.#coda = coda;
    this.#about = about;
    this.#replicas = replicas;
    this.#type = type;
  }

  get object(): RealmFid {
    return this.#about.fid;
  }

  document(): Promise<RepairDocument> {
    const { path, kind, isResumed } = this.#about;
    const servers = this.#replicas.map(({ server }) => server);
    const { client } = this.#coda;
    const common = { id: path, path, type: this.#type, kind, client, servers, isResumed };
    return Promise.resolve({ ...common, mutations: [], current: 0 });
  }

  replicas(): Promise<readonly Replica[]> {
    return Promise.resolve(this.#replicas);
  }

  entries(replica: Replica): AsyncIterable<ReplicaEntry> {
    const listing = this.#coda.files.readdir(replica.path, { withVersions: true });
    return inParallel(listing, PARALLEL, async ({ name, version }) => {
      if (version) return { name, ...version };
      const { fid, versionVector } = await this.#identify(joinPath(replica.path, name));
      return { name, vnode: fid.vnode, unique: fid.unique, storeId: versionVector.storeId };
    });
  }

  async status(replica: Replica, name: string): Promise<ReplicaStatus | undefined> {
    const { files, venus } = this.#coda;
    const path = name === '' ? replica.path : joinPath(replica.path, name);
    const status = await statusOf(files, path);
    if (!status) return undefined;
    const { fid, versionVector, isMountPoint } =
      name === '' ? { ...(await venus.identity(path)), isMountPoint: false } : await this.#identify(path);
    const { length, mode, owner, linkCount, modified } = status;
    return {
      type: isMountPoint ? 'mount point' : status.type,
      fid,
      versionVector,
      ...{ length, mode, owner, linkCount, modified },
      ownerName: status.ownerName ?? String(owner),
    };
  }

  async directory(replica: Replica): Promise<DirectoryStatus> {
    const { venus } = this.#coda;
    const status = await this.status(replica, '');
    if (!status)
      throw new RepairError(`${printable(replica.server)} does not show its version any more`, {
        next: 'Begin again: quit, then beginRepair',
      });
    const access = await venus.access(replica.path);
    const isRoot = this.object.vnode === 1 && this.object.unique === 1;
    const volume = isRoot ? await venus.volumeStatus(replica.path) : undefined;
    return { ...status, access, quotas: volume && { min: volume.minQuota, max: volume.maxQuota } };
  }

  async locate(replica: Replica, object: DirectoryId): Promise<Location | undefined> {
    const { venus } = this.#coda;
    const fid = {
      volume: replica.volume,
      vnode: object.vnode,
      unique: object.unique,
      realm: this.object.realm,
    };
    try {
      const path = await venus.pathOf(fid);
      const { vnode, unique } = await venus.parentOf(fid);
      return { parent: { vnode, unique }, name: splitPath(path).entry, path };
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'EINVAL', 'ENXIO')) return undefined;
      throw error;
    }
  }

  async repair(replacement: Replacement): Promise<readonly ReplicaOutcome[]> {
    if (replacement.kind !== 'fix file') return this.#send(sourceOf(replacement));
    // Venus opens it, which may be another user's process: it has to find it, and nobody else may write it.
    const directory = await mkdtemp(join(tmpdir(), 'coda-repair-'));
    try {
      const path = join(directory, 'fix');
      await writeFile(path, replacement.bytes, { mode: 0o600, flag: 'wx' });
      return await this.#send({ kind: 'local', path });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #send(source: RepairSource): Promise<readonly ReplicaOutcome[]> {
    try {
      return await this.#coda.venus.repair(this.#about.path, source);
    } catch (error) {
      // "Multiple results": it was done, and what each server made of it did not arrive (spec/repair.md, 4).
      if (isErrno(error, 'ETOOMANYREFS')) return [];
      throw error;
    }
  }

  async fileInCoda(path: string): Promise<Replacement> {
    const { fid } = await this.#coda.venus.identity(path);
    return { kind: 'file in Coda', fid, realm: fid.realm };
  }

  setVersionVector(replica: Replica, vector: VersionVector): Promise<void> {
    return this.#coda.venus.setVersionVector(replica.path, vector);
  }

  async settle(): Promise<Settled> {
    const { venus, files, patience } = this.#coda;
    const { path } = this.#about;
    await this.abort();
    if (await becomesNormal(files, path, Math.min(patience, LONGEST_WAIT))) return 'normal';
    await venus.expand(path);
    this.#isExpanded = true;
    if ((await venus.kindOfConflict(path)) === LOCAL_GLOBAL) {
      await this.abort();
      return 'local/global';
    }
    this.#replicas = await readReplicas(this.#coda, this.#about);
    return 'in conflict';
  }

  remove(): Promise<void> {
    return this.#coda.files.remove(this.#about.path);
  }

  async abort(): Promise<void> {
    if (!this.#isExpanded) return;
    try {
      await this.#coda.venus.collapse(this.#about.path);
    } catch (error) {
      // Somebody else has done it.
      if (!isErrno(error, 'EINVAL')) throw error;
    }
    this.#isExpanded = false;
  }

  /** An entry's own fid, not that of what is mounted on it. */
  async #identify(path: string) {
    const { venus } = this.#coda;
    try {
      const found = await venus.identity(path);
      if (found.fid.vnode !== 1 || found.fid.unique !== 1) return { ...found, isMountPoint: false };
      return { ...(await venus.mountPointIdentity(path)), isMountPoint: true };
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      const fid = await fidOfLink(this.#coda.files, path);
      if (!fid) throw error;
      return { fid, versionVector: neverUpdated, isMountPoint: false };
    }
  }
}

function sourceOf(replacement: Exclude<Replacement, { kind: 'fix file' }>): RepairSource {
  return replacement.kind === 'local file'
    ? { kind: 'local', path: replacement.path }
    : { kind: 'coda', fid: replacement.fid, realm: replacement.realm };
}

/** The servers' entries of an expanded object. Names that begin with a dot are hidden, as tools always ignored them. */
async function readReplicas(
  { files, venus }: ReplicaCoda,
  { path, slots, fid }: ReplicatedObject,
): Promise<readonly Replica[]> {
  const servers: string[] = [];
  for await (const { name } of files.readdir(path))
    if (name !== LOCAL_ENTRY && !name.startsWith('.')) servers.push(name);
  const replicas: Replica[] = [];
  for (const server of servers.sort()) {
    const entry = joinPath(path, server);
    const isSilent = !(await statusOf(files, entry)) || (await isInConflict(files, entry));
    const identity = isSilent ? undefined : await venus.identity(entry);
    const volume = (identity?.fid ?? (await fidOfLink(files, entry)) ?? fid).volume;
    const slot = slots.indexOf(volume);
    replicas.push({
      server,
      path: entry,
      volume,
      slot: slot < 0 ? undefined : slot,
      versionVector: identity?.versionVector,
    });
  }
  return replicas;
}

/** What a link `@volume.vnode.unique@realm.` stands for. */
export async function fidOfLink(files: FileTree, path: string): Promise<RealmFid | undefined> {
  const status = await statusOf(files, path);
  if (status?.type !== 'symlink') return undefined;
  const target = await files.readlink(path);
  return target.startsWith('@') ? parseRealmFid(target.slice(1).replace(/\.$/, '')) : undefined;
}

/** Resolution runs by itself; looking at the object usually waits for it. */
async function becomesNormal(files: FileTree, path: string, patience: Milliseconds): Promise<boolean> {
  const end = monotonicTime() + patience;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    if (!(await isInConflict(files, path))) return true;
    if (monotonicTime() > end) return false;
    await sleep(pause);
  }
}
