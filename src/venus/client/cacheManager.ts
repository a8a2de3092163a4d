import { join } from 'node:path';
import type { Fid } from '../../ipc/fid.ts';
import { isErrno } from '../../ipc/errors.ts';
import { fail } from '../fail.ts';
import { logFault } from '../log.ts';
import type { CallbackProtocol } from '../net/callbackProtocol.ts';
import type { Credentials } from '../net/fileProtocol.ts';
import type { Service } from '../net/link.ts';
import type { VolumeLocation } from '../net/realmProtocol.ts';
import { Containers } from '../store/containers.ts';
import { Database } from '../store/database.ts';
import { ANY_USER } from '../tree/identity.ts';
import { FileCache } from './cache/fileCache.ts';
import type { CachedObject } from './cache/inventory.ts';
import { ObjectCache } from './cache/objectCache.ts';
import type { CacheManagerOptions, RealmConnections } from './cacheManagerOptions.ts';
import { CacheUpkeep } from './cache/upkeep.ts';
import { ClientTree, UNKNOWN } from './clientTree.ts';
import { EventHistory } from './eventHistory.ts';
import { type MountedAt, Locations } from './locations.ts';
import { ServerWaits } from './serverWaits.ts';
import { Throttle } from './log/zones.ts';
import { Lookaside } from './lookaside/lookaside.ts';
import { Redirections } from './redirections.ts';
import { Events } from './events.ts';
import { FidPool } from './fidPool.ts';
import { type KnownPlaces, knownPath, knownPathIn } from './knownPath.ts';
import { Hoard } from './hoard/hoard.ts';
import { Checkpointer } from './log/checkpointer.ts';
import { ModifyLogs } from './log/modifyLog.ts';
import type { LogRecord } from './log/record.ts';
import { Reintegrator } from './log/reintegrator.ts';
import { Owners } from './log/owners.ts';
import { Rounds } from './log/rounds.ts';
import { LogSettings } from './log/settings.ts';
import { WatchedServer } from './reachability.ts';
import { Repairs } from './repair/repairs.ts';
import { Expansions } from './replicas/expansions.ts';
import { StoreIds } from './storeIds.ts';
import { Tokens } from './tokens.ts';
import { VolumeStates } from './volumeStates.ts';
import { UserSession } from './userSession.ts';
import { StorageGroup, type VolumeServer } from './vsg/storageGroup.ts';

/** Name of the volume that is a realm's root. */
export const ROOT_VOLUME = '/';
/** Milliseconds between two looks at the logs, for what has become old enough. */
const LOOK = 1000;
/** Entries of the hoard database: this part of the objects in the cache, and these at least (spec/hoard.md, 1). */
const [ENTRIES_PART, LEAST_ENTRIES] = [0.5, 42];

/** One client: what it keeps for all of its users. What it does for one of them is a {@link UserSession}. */
export class CacheManager implements Service<CallbackProtocol> {
  readonly name: string;
  readonly realConflicts: boolean;
  readonly replica: string | undefined;
  readonly realm: Omit<RealmConnections, 'servers'> & { readonly servers: readonly WatchedServer[] };
  readonly tokens: Tokens;
  readonly events: Events;
  readonly storeIds: StoreIds;
  readonly now: () => number;
  readonly tree: ClientTree;
  readonly files: FileCache;
  readonly upkeep: CacheUpkeep;
  readonly containers: Containers;
  readonly fids: FidPool;
  readonly owners: Owners;
  readonly settings: LogSettings;
  readonly reintegrator: Reintegrator;
  readonly volumeStates: VolumeStates;
  readonly checkpoints: Checkpointer;
  readonly throttle: Throttle;
  readonly serverWaits = new ServerWaits();
  readonly lookaside = new Lookaside();
  readonly redirections = new Redirections();
  readonly repairs: Repairs;
  readonly expansions: Expansions;
  readonly hoard: Hoard;
  /** Where checkpoints are written. */
  readonly spool: string;
  /** Holds all that it keeps. */
  readonly directory: string;
  readonly #database: Database;
  readonly #history: EventHistory;
  readonly locations: Locations;
  readonly #groups = new Map<number, StorageGroup>();
  readonly #timer: NodeJS.Timeout;

  static async open(options: CacheManagerOptions): Promise<CacheManager> {
    const database = await Database.open(options.directory);
    const logs = new ModifyLogs(database, options.keepsAllRecords);
    const inUse = (id: number) => logs.usesContainer(id) || kept.has(id);
    const kept = ObjectCache.containersIn(database);
    const containers = await Containers.open(join(options.directory, 'containers'), inUse);
    const history = await EventHistory.open(join(options.directory, 'events'));
    return new CacheManager(options, database, logs, containers, await StoreIds.open(database), history);
  }

  private constructor(
    options: CacheManagerOptions,
    database: Database,
    logs: ModifyLogs,
    containers: Containers,
    storeIds: StoreIds,
    history: EventHistory,
  ) {
    const { name, directory, realm, now, capacity, checkpointFormat, tokens, fidsAtATime } = options;
    this.name = name;
    this.realConflicts = options.realConflicts ?? false;
    this.replica = options.replica;
    this.directory = directory;
    this.spool = join(directory, 'checkpoints');
    const servers = realm.servers.map((server) => new WatchedServer(server, (it) => this.#noticed(it)));
    this.realm = { ...realm, servers };
    this.now = now;
    this.storeIds = storeIds;
    this.tokens = tokens ?? new Tokens(database);
    this.events = new Events(history, now);
    this.#history = history;
    this.containers = containers;
    this.#database = database;
    const serverOf = (volume: number) => this.serverOf(volume);
    const isDirty = (fid: Fid) => logs.isDirty(fid);
    const discard = (container: number) => this.#discard(container);
    const cache = new ObjectCache({
      client: name,
      database,
      serverOf,
      isDirty,
      discard,
      capacity: options.objects ?? Infinity,
      empty: (fid) => this.files.empty(fid),
      onReplace: (object, what) => this.#tellOfReplacement(object, what),
      mounts: () => this.locations.mounts(),
    });
    this.tree = new ClientTree(database, cache, logs, storeIds);
    this.files = new FileCache({
      cache,
      containers,
      database,
      serverOf,
      isDirty,
      lastOnServer: ({ fid, versionVector }) => this.tree.lastKnown(fid) ?? versionVector.storeId,
      count: logs.containers,
      goesWithStore: (fid, container) => logs.goesWithStore(fid, container),
      capacity,
      events: this.events,
      pathOf: (fid) => this.knownPathOf(fid),
      lookaside: this.lookaside,
    });
    this.upkeep = new CacheUpkeep(this.tree, this.files, () => this.locations.mounts());
    this.owners = new Owners(logs, (volume, uid, owner) => this.#tellOfWriter(volume, uid, owner));
    this.throttle = new Throttle(logs);
    this.locations = new Locations(database, realm.realm);
    this.fids = new FidPool(database, serverOf, fidsAtATime);
    this.settings = new LogSettings(database);
    this.checkpoints = new Checkpointer({
      tree: this.tree,
      containers,
      events: this.events,
      now,
      format: checkpointFormat,
      place: (volume, uid) => new UserSession(this, uid).checkpointPlace(volume),
    });
    this.reintegrator = new Reintegrator({
      client: name,
      tree: this.tree,
      containers,
      events: this.events,
      rounds: this.#followRounds(),
      nameOf: (volume) => this.#nameOf(volume),
      pathOf: ({ mutation, path }) => knownPathIn(this.#places, mutation.fid.volume, path),
      onShorter: (volume) => {
        this.owners.wake(volume);
        this.repairs.noticeChanges();
      },
      beforeConflict: (volume) => this.checkpoints.beforeConflict(volume),
      serverOf,
      credentialsFor: (record) => this.#credentialsFor(record),
      isUnderRepair: (volume) => this.repairs.inVolume(volume) !== undefined,
      timeLimitOf: (volume) => this.settings.get(volume).timeLimit,
      isOldEnough: (volume, { time }) => now() - time >= this.settings.get(volume).age * 1000,
    });
    this.volumeStates = this.#followStates();
    this.repairs = new Repairs(this, database);
    this.expansions = new Expansions(this, database);
    this.hoard = new Hoard({
      client: this,
      database,
      owner: options.owner,
      limit: Math.max(LEAST_ENTRIES, Math.floor((options.objects ?? Infinity) * ENTRIES_PART)),
    });
    this.#timer = setInterval(() => this.#look(), LOOK).unref();
  }

  readonly breakCallbacks = async ({ fids }: CallbackProtocol['breakCallbacks']['request']) => {
    this.hoard.noteBroken(fids);
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
    return (await this.locations.byId(volume)) ?? fail('EVOLUME');
  }

  /** Where a volume is, as far as it is known here. */
  knownLocation(volume: number): VolumeLocation | undefined {
    return this.locations.known(volume);
  }

  locateByName(name: string): Promise<VolumeLocation | undefined> {
    return this.locations.byName(name);
  }

  /** The server to ask about a volume, or all of its servers as one. */
  async serverOf(volume: number): Promise<VolumeServer> {
    const { replicas } = await this.locate(volume);
    const members = replicas.flatMap(({ server: name }, site) => {
      const server = this.#server(name);
      return server ? [{ site, server }] : [];
    });
    const [only] = members;
    if (!only) return fail('ETIMEDOUT');
    if (replicas.length === 1) return only.server;
    const known = this.#groups.get(volume);
    if (known?.members.length === members.length) return known;
    const group = new StorageGroup(volume, members, () => this.redirections.of(volume));
    this.#groups.set(volume, group);
    return group;
  }

  #server(name: string): WatchedServer | undefined {
    return this.realm.servers.find((server) => server.name === name);
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

  /** Where something in a volume is, from `/coda`; none if it is not known where the volume is mounted. */
  knownPathTo(volume: number, inside: string): string | undefined {
    const path = knownPathIn(this.#places, volume, inside);
    return path.startsWith('/coda/') && !path.includes(UNKNOWN) ? path : undefined;
  }

  /** Of an object, as {@link knownPath} tells it. */
  knownPathOf(fid: Fid): string {
    return knownPath(this.#places, fid);
  }

  /** Whether one of its servers answers, as far as it has been asked. */
  isReachable(volume: number): boolean {
    const replicas = this.locations.known(volume)?.replicas;
    if (!replicas) return this.realm.servers[0]?.isUp ?? false;
    return replicas.some(({ server }) => this.#server(server)?.isUp ?? false);
  }

  /** The volume of a name, as far as it is known here. */
  knownVolume(name: string): number | undefined {
    return this.locations.knownByName(name)?.id;
  }

  mountedAt(volume: number): MountedAt | undefined {
    return this.locations.mountedAt(volume);
  }

  /** All volumes that it has seen, or that something waits for. */
  knownVolumes(): readonly number[] {
    return [...new Set([...this.locations.volumes(), ...this.tree.logs.volumes()])];
  }

  /** Cuts it off from all servers, or lets it reach them again. */
  async isolate(isCut: boolean): Promise<void> {
    await this.realm.isolate(isCut);
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

  /** Resolves when all that was changed here is on the disk. */
  flush(): Promise<void> {
    return this.#database.flush();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const server of this.realm.servers) server.close();
    await this.hoard.close();
    await this.checkpoints.close();
    await this.repairs.close();
    await this.expansions.close();
    await this.reintegrator.close();
    for (const group of this.#groups.values()) await group.settled();
    await this.#history.flush();
    await this.#database.close();
  }

  /** What was promised by a server that could not be reached holds no more. */
  #noticed(server: WatchedServer): void {
    this.tree.cache.validity.breakAll();
    this.events.report({
      kind: 'server',
      server: server.name,
      state: server.isUp ? 'up' : 'unreachable',
    });
    for (const volume of this.knownVolumes()) this.volumeStates.note(volume);
    if (!server.isUp) return;
    this.serverWaits.wake();
    this.sendLogs();
  }

  #look(): void {
    this.volumeStates.flush();
    this.sendLogs();
    this.checkpoints.look();
  }

  #followRounds(): Rounds {
    return new Rounds({
      report: (event) => this.events.report(event),
      nameOf: (volume) => this.#nameOf(volume),
      entriesIn: (volume) => this.tree.logs.state(volume).entries,
      onChange: (volume) => this.volumeStates.note(volume),
    });
  }

  #followStates(): VolumeStates {
    return new VolumeStates({
      events: this.events,
      realm: this.realm.name,
      nameOf: (volume) => this.#nameOf(volume),
      entriesIn: (volume) => this.tree.logs.state(volume).entries,
      isReachable: (volume) => this.isReachable(volume),
      isSending: (volume) => this.reintegrator.progress(volume) !== undefined,
      obstacle: (volume) => this.reintegrator.obstacle(volume),
    });
  }

  #tellOfReplacement({ fid, contents, hoardPriority }: CachedObject, what: 'object' | 'contents'): void {
    const isHoarded = hoardPriority > 0;
    // A status that nobody hoards is fetched again as it is needed.
    if (what === 'object' && contents === undefined && !isHoarded) return;
    const path = this.knownPathOf(fid);
    this.events.report({ kind: 'evicted', path, length: contents ?? 0, isHoarded });
  }

  #tellOfWriter(volume: number, uid: number, owner: number): void {
    const { entries } = this.tree.logs.state(volume);
    this.events.report({ kind: 'writerWaits', volume: this.#nameOf(volume), uid, owner, entries });
  }

  /** Its number where the realm has not told the name yet. */
  #nameOf(volume: number): string {
    return this.locations.known(volume)?.name ?? String(volume);
  }

  get #places(): KnownPlaces {
    return {
      pathTo: (fid) => this.tree.pathTo(fid),
      mountedAt: (volume) => this.mountedAt(volume),
      nameOf: (volume) => this.#nameOf(volume),
    };
  }

  #credentialsFor({ uid, viceId }: LogRecord): Credentials | undefined {
    if (viceId === ANY_USER.id) return {};
    const token = this.tokens.get(uid, this.realm.name);
    const isGood = token?.clear.viceId === viceId && token.clear.ends * 1000 > this.now();
    return isGood ? { secret: token.secret } : undefined;
  }

  #discard(container: number): void {
    this.files.noteGone(container);
    if (this.tree.logs.usesContainer(container)) return;
    this.containers.remove(container).catch((error: unknown) => logFault('container', error));
  }
}
