import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonStatus } from '../ipc/socket/routes.ts';
import { CacheManager, ROOT_VOLUME } from './client/cacheManager.ts';
import type { CallbackProtocol } from './net/callbackProtocol.ts';
import type { FileProtocol } from './net/fileProtocol.ts';
import { Network } from './net/network.ts';
import { Ways } from './ways.ts';
import type { RealmProtocol } from './net/realmProtocol.ts';
import { FileServer } from './server/fileServer.ts';
import { RealmServer } from './server/realmServer.ts';
import { type RealmStore, openRealmStore } from './server/realmStore.ts';
import { HttpDialect, defaultHttpLimits } from './socket/http/httpDialect.ts';
import { Listener } from './socket/listener.ts';
import { PioctlDialect, defaultPioctlLimits } from './socket/pioctlDialect.ts';
import { DataLock } from './store/dataLock.ts';
import { makeDirectory } from './store/directories.ts';

export interface DaemonOptions {
  readonly dataDirectory: string;
  /** Name of the realm that is made if there is none yet; otherwise it must be the one there is. */
  readonly realm: string | undefined;
  /** Its clients, each with a cache, logs and a socket of its own. */
  readonly clients: readonly ClientOptions[];
  /** The local user it belongs to. */
  readonly uid: number;
  readonly version: string;
  /** Bytes of contents that each client keeps; {@link CACHE_CAPACITY} if it is not said. */
  readonly cacheSize: number | undefined;
}

export interface ClientOptions {
  readonly name: string;
  readonly socket: string;
}

/** A running venus, with its servers and its auth server, all in this process. */
export interface Daemon {
  readonly realm: string;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it cleanly. */
  stop(): void;
}

const SERVER = { name: 's1', address: '127.10.0.1' } as const;
/** Bytes of contents that a client keeps. */
const CACHE_CAPACITY = 16 * 1024 ** 3;

/**
 * Starts a venus on a data directory.
 * @throws InUseError if the directory or the socket is in use; ConfigurationError if it holds another realm
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  await makeDirectory(options.dataDirectory);
  const dataDirectory = realpathSync(options.dataDirectory);
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const lock = await DataLock.take(dataDirectory, options.clients[0]?.socket ?? '');
    closers.push(() => lock.release());
    const realm = await openRealmStore(dataDirectory, options.realm);
    closers.push(() => realm.close());
    const server = await openServer(dataDirectory, realm);
    closers.push(() => server.close());
    const network = new Network();
    const realmServer = await openRealm(realm, server, network);
    const ways = new Ways(network, SERVER.name);
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const startedAt = new Date();
    for (const { name, socket } of options.clients) {
      const capacity = options.cacheSize ?? CACHE_CAPACITY;
      const connected = { dataDirectory, realm, realmServer, server, network, capacity };
      const client = await openClient(name, connected);
      closers.push(() => client.close());
      ways.add(client, server.callbacks);
      const status = () => describe(options, dataDirectory, client, startedAt);
      const http = new HttpDialect(client, options.uid, { status, shutDown: stop, ways }, defaultHttpLimits);
      closers.push(() => http.close());
      const listener = await Listener.open(
        socket,
        options.uid,
        (connection) => new PioctlDialect(connection, client, options.uid, defaultPioctlLimits),
        (connection) => http.accept(connection),
      );
      closers.push(() => listener.close());
    }
    return { realm: realm.name, ended: stopped.then(closeAll), stop };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function openServer(dataDirectory: string, { protection, tokenKey }: RealmStore): Promise<FileServer> {
  const directory = join(dataDirectory, 'servers', SERVER.name);
  return FileServer.open({ directory, protection, tokenKey, now: Date.now });
}

/** The server that knows the realm; its root volume is made if there is none yet. */
async function openRealm(realm: RealmStore, server: FileServer, network: Network): Promise<RealmServer> {
  const realmServer = new RealmServer({
    protection: realm.protection,
    volumes: realm.volumes,
    tokenKey: realm.tokenKey,
    servers: [{ ...SERVER, link: network.connect<FileProtocol>('realm', SERVER.name, server) }],
    now: Date.now,
  });
  if (!realm.volumes.byName(ROOT_VOLUME)) {
    await realmServer.createVolume({ name: ROOT_VOLUME, owner: undefined, maxQuota: 0 });
  }
  return realmServer;
}

interface Connected {
  readonly dataDirectory: string;
  readonly realm: RealmStore;
  readonly realmServer: RealmServer;
  readonly server: FileServer;
  readonly network: Network;
  readonly capacity: number;
}

async function openClient(
  name: string,
  { dataDirectory, realm, realmServer, server, network, capacity }: Connected,
): Promise<CacheManager> {
  const client = await CacheManager.open({
    name,
    directory: join(dataDirectory, 'clients', name),
    realm: {
      name: realm.name,
      realm: network.connect<RealmProtocol>(name, 'realm', realmServer),
      servers: [{ ...SERVER, link: network.connect<FileProtocol>(name, SERVER.name, server) }],
      isolate: (isCut) => network[isCut ? 'cut' : 'heal'](name, SERVER.name),
    },
    now: Date.now,
    capacity,
  });
  server.callbacks.connect(name, network.connect<CallbackProtocol>(SERVER.name, name, client));
  return client;
}

async function describe(
  { version }: DaemonOptions,
  dataDirectory: string,
  client: CacheManager,
  startedAt: Date,
): Promise<DaemonStatus> {
  const probe = async (server: CacheManager['realm']['servers'][number]) => {
    const { name, address } = server;
    const reachable = await server.call('probe', null).then(
      () => true,
      () => false,
    );
    return { name, address, reachable };
  };
  return {
    pid: process.pid,
    version,
    realm: client.realm.name,
    client: client.name,
    dataDirectory,
    startedAt: startedAt.toISOString(),
    servers: await Promise.all(client.realm.servers.map(probe)),
  };
}
