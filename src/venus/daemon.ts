import { realpathSync } from 'node:fs';
import { ROOT_VOLUME } from './client/cacheManager.ts';
import type { FileProtocol } from './net/fileProtocol.ts';
import type { Remote, Service } from './net/link.ts';
import type { VenusProtocol } from './net/nodeProtocol.ts';
import type { ClientOptions } from './nodes/clientNode.ts';
import { LocalNodes } from './nodes/localNodes.ts';
import type { StartProcess } from './nodes/nodeProcess.ts';
import type { Nodes } from './nodes/nodes.ts';
import { ProcessNodes } from './nodes/processNodes.ts';
import { SERVER } from './nodes/serverNode.ts';
import { RealmServer } from './server/realmServer.ts';
import { type RealmStore, openRealmStore } from './server/realmStore.ts';
import { DataLock } from './store/dataLock.ts';
import { makeDirectory } from '../disk/durableDirectory.ts';

export interface DaemonOptions {
  readonly dataDirectory: string;
  /** Name of the realm that is made if there is none yet; otherwise it must be the one there is. */
  readonly realm: string | undefined;
  /** Its clients, each with a cache, logs and a socket of its own. */
  readonly clients: readonly ClientOptions[];
  /** The local user it belongs to. */
  readonly uid: number;
  readonly version: string;
  /** How to start a process for a server or a client; without it they all run in this one. */
  readonly startProcess?: StartProcess;
}

/** A running venus: its servers and clients, and the server that knows the realm, which is in this process. */
export interface Daemon {
  readonly realm: string;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it cleanly. */
  stop(): void;
}

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
    const nodes = nodesFor(options, dataDirectory, realm);
    closers.push(() => nodes.close());
    const realmServer = await openRealm(realm, await nodes.openServer(options.clients));
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const venus = venusService(options.version, nodes, () => stop());
    await nodes.openClients(options.clients, { realm: realmServer, venus });
    return { realm: realm.name, ended: stopped.then(closeAll), stop };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function nodesFor(
  { uid, startProcess: start }: DaemonOptions,
  dataDirectory: string,
  realm: RealmStore,
): Nodes {
  return start
    ? new ProcessNodes({ dataDirectory, realmName: realm.name, uid, start })
    : new LocalNodes({ dataDirectory, realm, uid });
}

/** The server that knows the realm; its root volume is made if there is none yet. */
async function openRealm(realm: RealmStore, link: Remote<FileProtocol>): Promise<RealmServer> {
  const { protection, volumes, tokenKey } = realm;
  const servers = [{ ...SERVER, link }];
  const realmServer = new RealmServer({ protection, volumes, tokenKey, servers, now: Date.now });
  if (!volumes.byName(ROOT_VOLUME)) {
    await realmServer.createVolume({ name: ROOT_VOLUME, owner: undefined, maxQuota: 0 });
  }
  return realmServer;
}

/** What its clients ask of the venus itself. */
function venusService(version: string, nodes: Nodes, stop: () => void): Service<VenusProtocol> {
  const startedAt = new Date().toISOString();
  const { pid } = process;
  return {
    describe: () => {
      const processes = [{ name: 'venus', role: 'venus', pid } as const, ...nodes.processes()];
      return Promise.resolve({ version, pid, startedAt, processes });
    },
    listWays: () => Promise.resolve({ ways: nodes.ways.list() }),
    setWays: async (request) => {
      await nodes.ways.set(request);
      return null;
    },
    shutDown: () => {
      // The answer goes first.
      setImmediate(stop);
      return Promise.resolve(null);
    },
  };
}
