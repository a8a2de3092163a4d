import { join } from 'node:path';
import type { Fid } from '../../ipc/fid.ts';
import { isErrno } from '../../ipc/errors.ts';
import { fail } from '../fail.ts';
import { logFault } from '../log.ts';
import type { CallbackProtocol } from '../net/callbackProtocol.ts';
import type { Credentials, FileProtocol } from '../net/fileProtocol.ts';
import type { Remote, Service } from '../net/link.ts';
import type { RealmProtocol, ServerDescription, VolumeLocation } from '../net/realmProtocol.ts';
import { Containers } from '../store/containers.ts';
import { Database } from '../store/database.ts';
import { ANY_USER } from '../tree/identity.ts';
import { FileCache } from './cache/fileCache.ts';
import { ObjectCache } from './cache/objectCache.ts';
import { ClientTree } from './clientTree.ts';
import { Events } from './events.ts';
import { FidPool } from './fidPool.ts';
import { ModifyLogs } from './log/modifyLog.ts';
import type { LogRecord } from './log/record.ts';
import { Reintegrator } from './log/reintegrator.ts';
import { Owners } from './log/owners.ts';
import { LogSettings } from './log/settings.ts';
import { WatchedServer } from './reachability.ts';
import { Repairs } from './repair/repairs.ts';
import { StoreIds } from './storeIds.ts';
import { Tokens } from './tokens.ts';

/** A realm as a client reaches it. */
export interface RealmConnections {
  readonly name: string;
  readonly realm: Remote<RealmProtocol>;
  readonly servers: readonly (ServerDescription & { readonly link: Remote<FileProtocol> })[];
  /** Cuts all links of the client to the servers, or heals them. */
  readonly isolate: (isCut: boolean) => void;
}

export interface CacheManagerOptions {
  readonly name: string;
  /** Where it keeps all it has. Checkpoints are in `checkpoints/` below. */
  readonly directory: string;
  readonly realm: RealmConnections;
  readonly now: () => number;
  /** Bytes of contents of files that it keeps. */
  readonly capacity: number;
  /** Of another client, whose users it works for. */
  readonly tokens?: Tokens;
  /** Fids of each type that it has set aside at a time. */
  readonly fidsAtATime?: number;
}

/** Where a client has seen a volume mounted. */
export interface MountedAt {
  /** None for the realm's root volume, which stands in the Coda root. */
  readonly directory: Fid | undefined;
  readonly name: string;
}

/** Name of the volume that is a realm's root. */
export const ROOT_VOLUME = '/';
/** Milliseconds between two looks at the logs, for what has become old enough. */
const LOOK = 1000;

/** One client: what it keeps for all of its users. What it does for one of them is a {@link UserSession}. */
export class CacheManager implements Service<CallbackProtocol> {
  readonly name: string;
  readonly realm: Omit<RealmConnections, 'servers'> & { readonly servers: readonly WatchedServer[] };
  readonly tokens: Tokens;
  readonly events: Events;
  readonly storeIds: StoreIds;
  readonly now: () => number;
  readonly tree: ClientTree;
  readonly files: FileCache;
  readonly containers: Containers;
  readonly fids: FidPool;
  readonly owners: Owners;
  readonly settings: LogSettings;
  readonly reintegrator: Reintegrator;
  readonly repairs: Repairs;
  readonly directory: string;
  /** Where checkpoints are written. */
  readonly spool: string;
  readonly #database: Database;
  readonly #locations = new Map<number, VolumeLocation>();
  readonly #mounts = new Map<number, MountedAt>();
  readonly #timer: NodeJS.Timeout;

  static async open(options: CacheManagerOptions): Promise<CacheManager> {
    const database = await Database.open(options.directory);
    const logs = new ModifyLogs(database);
    const inUse = (id: number) => logs.usesContainer(id) || kept.has(id);
    const kept = ObjectCache.containersIn(database);
    const containers = await Containers.open(join(options.directory, 'containers'), inUse);
    return new CacheManager(options, database, logs, containers, await StoreIds.open(database));
  }

  private constructor(
    { name, directory, realm, now, capacity, tokens, fidsAtATime }: CacheManagerOptions,
    database: Database,
    logs: ModifyLogs,
    containers: Containers,
    storeIds: StoreIds,
  ) {
    this.name = name;
    this.directory = directory;
    this.spool = join(directory, 'checkpoints');
    const servers = realm.servers.map((server) => new WatchedServer(server, (it) => this.#noticed(it)));
    this.realm = { ...realm, servers };
    this.now = now;
    this.storeIds = storeIds;
    this.tokens = tokens ?? new Tokens(database);
    this.events = new Events(now);
    this.containers = containers;
    this.#database = database;
    const serverOf = (volume: number) => this.serverOf(volume);
    const isDirty = (fid: Fid) => logs.isDirty(fid);
    const discard = (container: number) => this.#discard(container);
    const cache = new ObjectCache({ client: name, database, serverOf, isDirty, discard });
    this.tree = new ClientTree(database, cache, logs, storeIds);
    this.files = new FileCache({
      cache,
      containers,
      database,
      serverOf,
      isDirty,
      lastOnServer: ({ fid, versionVector }) => this.tree.lastKnown(fid) ?? versionVector.storeId,
      isInUse: (container) => logs.usesContainer(container),
      capacity,
    });
    this.owners = new Owners(logs);
    this.fids = new FidPool(database, serverOf, fidsAtATime);
    this.settings = new LogSettings(database);
    this.reintegrator = new Reintegrator({
      client: name,
      tree: this.tree,
      containers,
      events: this.events,
      onShorter: (volume) => {
        this.owners.wake(volume);
        this.repairs.noticeChanges();
      },
      serverOf,
      credentialsFor: (record) => this.#credentialsFor(record),
      isOldEnough: (volume, { time }) => now() - time >= this.settings.get(volume).age * 1000,
    });
    this.repairs = new Repairs(this, database);
    this.#timer = setInterval(() => this.sendLogs(), LOOK).unref();
  }

  readonly breakCallbacks = async ({ fids }: CallbackProtocol['breakCallbacks']['request']) => {
    this.tree.cache.validity.break(fids);
    this.repairs.noticeChanges();
    return Promise.resolve(null);
  };

  readonly breakAll = async () => {
    this.tree.cache.validity.breakAll();
    this.repairs.noticeChanges();
    return Promise.resolve(null);
  };

  /** @throws VenusError EVOLUME if the realm has no such volume */
  async locate(volume: number): Promise<VolumeLocation> {
    return this.#locations.get(volume) ?? (await this.#ask({ id: volume })) ?? fail('EVOLUME');
  }

  async locateByName(name: string): Promise<VolumeLocation | undefined> {
    for (const location of this.#locations.values()) if (location.name === name) return location;
    return this.#ask({ name });
  }

  /** The server to ask about a volume. */
  async serverOf(volume: number): Promise<WatchedServer> {
    const [replica] = (await this.locate(volume)).replicas;
    return this.realm.servers.find(({ name }) => name === replica?.server) ?? fail('ETIMEDOUT');
  }

  /** Learns the name of somebody, if it is not known and can be asked for: he will own what he makes. */
  async learnName(viceId: number): Promise<void> {
    if (this.tree.cache.hasOwnerName(viceId)) return;
    try {
      const { name } = await this.realm.realm.call('nameOfUser', { viceId });
      await this.tree.cache.noteOwnerName(viceId, name ?? String(viceId));
    } catch (error) {
      if (!isErrno(error, 'ETIMEDOUT')) throw error;
    }
  }

  mountedAt(volume: number): MountedAt | undefined {
    return this.#mounts.get(volume);
  }

  noteMount(volume: number, place: MountedAt): void {
    this.#mounts.set(volume, place);
  }

  /** All volumes that it has seen, or that something waits for. */
  knownVolumes(): readonly number[] {
    return [...new Set([...this.#locations.keys(), ...this.tree.logs.volumes()])];
  }

  /** Cuts it off from all servers, or lets it reach them again. */
  isolate(isCut: boolean): void {
    this.realm.isolate(isCut);
    void this.probeServers();
  }

  /** Finds out which servers can be reached. */
  async probeServers(): Promise<void> {
    await Promise.allSettled(this.realm.servers.map((server) => server.call('probe', null)));
  }

  /** Sends what may be sent of all logs. */
  sendLogs(): void {
    for (const volume of this.tree.logs.volumes()) void this.reintegrator.kick(volume);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const server of this.realm.servers) server.close();
    await this.repairs.close();
    await this.reintegrator.close();
    await this.#database.close();
  }

  /** What was promised by a server that could not be reached holds no more. */
  #noticed(server: WatchedServer): void {
    this.tree.cache.validity.breakAll();
    if (server.isUp) this.sendLogs();
  }

  #credentialsFor({ uid, viceId }: LogRecord): Credentials | undefined {
    if (viceId === ANY_USER.id) return {};
    const token = this.tokens.get(uid, this.realm.name);
    const isGood = token?.clear.viceId === viceId && token.clear.ends * 1000 > this.now();
    return isGood ? { secret: token.secret } : undefined;
  }

  #discard(container: number): void {
    if (this.tree.logs.usesContainer(container)) return;
    this.containers.remove(container).catch((error: unknown) => logFault('container', error));
  }

  async #ask(
    question: { readonly id: number } | { readonly name: string },
  ): Promise<VolumeLocation | undefined> {
    const { location } = await this.realm.realm.call('locateVolume', question);
    if (location) this.#locations.set(location.id, location);
    return location;
  }
}
