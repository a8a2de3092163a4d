import { join } from 'node:path';
import type { DaemonStatus } from '../../ipc/socket/routes.ts';
import { CacheManager } from '../client/cacheManager.ts';
import type { ClientSettings } from '../client/clientSettings.ts';
import { logFault } from '../log.ts';
import type { CallbackProtocol } from '../net/callbackProtocol.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Remote, Service } from '../net/link.ts';
import type { Network } from '../net/network.ts';
import type { NodeProtocol, VenusProtocol } from '../net/nodeProtocol.ts';
import type { RealmProtocol, ServerDescription } from '../net/realmProtocol.ts';
import type { DaemonControl } from '../socket/http/daemonRoutes.ts';
import { HttpDialect, defaultHttpLimits } from '../socket/http/httpDialect.ts';
import { Listener } from '../socket/listener.ts';
import { PioctlDialect, defaultPioctlLimits } from '../socket/pioctlDialect.ts';
import { DataLock } from '../store/dataLock.ts';
import { makeDirectory } from '../../disk/durableDirectory.ts';
import { LOCK_PATIENCE } from './locks.ts';

export interface ClientOptions {
  readonly name: string;
  readonly socket: string;
  readonly settings: ClientSettings;
}

export interface ClientNodeOptions extends ClientOptions {
  readonly dataDirectory: string;
  readonly realmName: string;
  /** The local user it belongs to. */
  readonly uid: number;
  readonly network: Network;
  readonly links: {
    readonly realm: Remote<RealmProtocol>;
    readonly servers: readonly (ServerDescription & { readonly link: Remote<FileProtocol> })[];
    readonly venus: Remote<VenusProtocol>;
  };
}

/** Bytes of contents that a client keeps, if nothing else is said. */
const CACHE_CAPACITY = 16 * 1024 ** 3;
/** Bytes for which a cache has one object, if nothing else is said: as a real venus counts. */
const BYTES_PER_OBJECT = 24 * 1024;
const LEAST_OBJECTS = 4096;

/** A client as a node: its cache manager, and the socket where the tools reach it. */
export class ClientNode {
  readonly client: CacheManager;
  readonly callbacks: Service<CallbackProtocol>;
  readonly node: Service<NodeProtocol>;
  readonly #options: ClientNodeOptions;
  readonly #closers: (() => Promise<void> | void)[];

  /** Without its socket yet. @throws InUseError if another process has its cache and does not end */
  static async open(options: ClientNodeOptions): Promise<ClientNode> {
    const directory = join(options.dataDirectory, 'clients', options.name);
    await makeDirectory(directory);
    const lock = await DataLock.wait(directory, LOCK_PATIENCE);
    try {
      return new ClientNode(options, await openClient(options, directory), lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor(options: ClientNodeOptions, client: CacheManager, lock: DataLock) {
    this.#options = options;
    this.client = client;
    this.#closers = [() => lock.release(), () => client.close()];
    this.callbacks = { breakCallbacks: client.breakCallbacks, breakAll: client.breakAll };
    this.node = {
      setCut: ({ cut }) => {
        options.network.setCut(cut);
        return Promise.resolve(null);
      },
      look: async () => {
        await client.probeServers();
        return null;
      },
      reach: async () => {
        await client.probeServers();
        const up = client.realm.servers.filter(({ isUp }) => isUp);
        return { servers: up.map(({ name }) => name) };
      },
    };
  }

  /** Opens its socket. @throws InUseError, ConfigurationError */
  async listen(): Promise<void> {
    const { socket, uid } = this.#options;
    const http = new HttpDialect(this.client, uid, this.#control(), defaultHttpLimits);
    this.#closers.push(() => http.close());
    const listener = await Listener.open(
      socket,
      uid,
      (connection) => new PioctlDialect(connection, this.client, uid, defaultPioctlLimits),
      (connection) => http.accept(connection),
    );
    this.#closers.push(() => listener.close());
  }

  /** A server has ended, or forgotten this client: what it promised holds no more. Resolves when it has been looked for. */
  async serverLost(): Promise<void> {
    this.client.tree.cache.validity.breakAll();
    await this.client.probeServers();
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  #control(): DaemonControl {
    const { venus } = this.#options.links;
    return {
      status: () => describe(this.client, this.#options),
      shutDown: () =>
        void venus.call('shutDown', null).catch((error: unknown) => logFault('shutdown', error)),
      ways: {
        list: async () => (await venus.call('listWays', null)).ways,
        set: async (request) => {
          await venus.call('setWays', request);
        },
      },
      servers: {
        list: async () => (await venus.call('listServers', null)).servers,
        change: async (request) => {
          await venus.call('changeServer', request);
        },
      },
    };
  }
}

function openClient(
  { name, realmName, links, settings, uid }: ClientNodeOptions,
  directory: string,
): Promise<CacheManager> {
  const capacity = settings.cacheSize ?? CACHE_CAPACITY;
  return CacheManager.open({
    name,
    directory,
    realm: {
      name: realmName,
      realm: links.realm,
      servers: links.servers,
      isolate: async (isCut) => {
        await links.venus.call('setWays', { isCut, node: name, server: undefined });
      },
    },
    now: Date.now,
    capacity,
    owner: uid,
    objects: settings.cacheObjects ?? Math.max(LEAST_OBJECTS, Math.floor(capacity / BYTES_PER_OBJECT)),
    checkpointFormat: settings.checkpointFormat,
    realConflicts: settings.realConflicts ?? false,
  });
}

async function describe(
  client: CacheManager,
  { dataDirectory, links }: ClientNodeOptions,
): Promise<DaemonStatus> {
  const { version, pid, startedAt, processes } = await links.venus.call('describe', null);
  const probe = async (server: CacheManager['realm']['servers'][number]) => {
    const { name, address } = server;
    const reachable = await server.call('probe', null).then(
      () => true,
      () => false,
    );
    return { name, address, reachable };
  };
  return {
    pid,
    version,
    realm: client.realm.name,
    client: client.name,
    dataDirectory,
    startedAt,
    processes: processes.map((process) => ({ ...process })),
    servers: await Promise.all(client.realm.servers.map(probe)),
  };
}
