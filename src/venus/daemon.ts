import { realpathSync } from 'node:fs';
import { ROOT_VOLUME } from './client/cacheManager.ts';
import type { FileProtocol } from './net/fileProtocol.ts';
import type { Remote } from './net/link.ts';
import type { ServerDescription } from './net/realmProtocol.ts';
import type { ClientOptions } from './nodes/clientNode.ts';
import { LocalNodes } from './nodes/localNodes.ts';
import type { StartProcess } from './nodes/nodeProcess.ts';
import type { Nodes } from './nodes/nodes.ts';
import { ProcessNodes } from './nodes/processNodes.ts';
import { ServerControl } from './nodes/serverControl.ts';
import { RealmServer } from './server/realmServer.ts';
import type { Auth2Listener } from './server/auth2/auth2Listener.ts';
import { type RealmStore, openRealmStore } from './server/realmStore.ts';
import { DataLock } from './store/dataLock.ts';
import { makeDirectory } from '../disk/durableDirectory.ts';
import { ConfigurationError } from '../ipc/errors.ts';
import { venusService } from './venusService.ts';

export interface DaemonOptions {
  readonly dataDirectory: string;
  /** Name of the realm that is made if there is none yet; otherwise it must be the one there is. */
  readonly realm: string | undefined;
  /** Names of its file servers; those that it has if none are named. */
  readonly servers?: readonly string[];
  /** Its clients, each with a cache, logs and a socket of its own. */
  readonly clients: readonly ClientOptions[];
  /** The local user it belongs to. */
  readonly uid: number;
  readonly version: string;
  /** How to start a process for a server or a client; without it they all run in this one. */
  readonly startProcess?: StartProcess;
  /** UDP port on this machine for auth2; 0 for any that is free. Without it there is no auth2. */
  readonly auth2Port?: number;
}

/** A running venus: its servers and clients, and the server that knows the realm, which is in this process. */
export interface Daemon {
  readonly realm: string;
  /** The port of auth2, if it is on. */
  readonly auth2Port: number | undefined;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it cleanly. */
  stop(): void;
}

/**
 * Starts a venus on a data directory.
 * @throws InUseError if the directory or the socket is in use; ConfigurationError if it holds another realm, or volumes on a
 * server that is not among those named
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
    const servers = await settleServers(realm, options);
    const links = await nodes.openServers(servers, options.clients);
    const realmServer = await openRealm(realm, servers, links, options.auth2Port !== undefined);
    const volumesOn = (server: string) => realm.servers.volumesOn(server);
    const control = new ServerControl({ dataDirectory, servers, switches: nodes.servers, volumesOn });
    closers.push(() => control.close());
    let stop = () => {};
    const stopped = new Promise<void>((resolve) => (stop = resolve));
    const { version } = options;
    const venus = venusService({ version, nodes, servers: control, stop: () => stop() });
    await nodes.openClients(options.clients, { realm: realmServer, venus });
    const auth2 = await openAuth2(options.auth2Port, realm, realmServer);
    if (auth2) closers.push(() => auth2.close());
    return { realm: realm.name, auth2Port: auth2?.port, ended: stopped.then(closeAll), stop };
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

/** The servers of the realm, as they are to be. */
async function settleServers(
  { servers }: RealmStore,
  { servers: wanted, clients }: DaemonOptions,
): Promise<readonly ServerDescription[]> {
  const names = wanted ?? servers.list().map(({ name }) => name);
  const both = clients.find(({ name }) => names.includes(name));
  // A single server has no way to another, for which its ways to clients could be taken.
  if (!both || names.length === 1) return servers.settle(wanted);
  throw new ConfigurationError(`${both.name} would be the name of a client and of a server`, {
    why: 'The links between them are named by their ends.',
    next: 'Choose another name with --servers or --clients.',
  });
}

/** The server that knows the realm; its root volume is made if there is none yet. */
async function openRealm(
  { protection, volumes, tokenKey }: RealmStore,
  descriptions: readonly ServerDescription[],
  links: ReadonlyMap<string, Remote<FileProtocol>>,
  keepsAuth2Keys: boolean,
): Promise<RealmServer> {
  const servers = descriptions.flatMap((server) => {
    const link = links.get(server.name);
    return link === undefined ? [] : [{ ...server, link }];
  });
  const settings = { protection, volumes, tokenKey, servers, now: Date.now, keepsAuth2Keys };
  const realmServer = new RealmServer(settings);
  if (!volumes.byName(ROOT_VOLUME)) {
    await realmServer.createVolume({ name: ROOT_VOLUME, owner: undefined, maxQuota: 0 });
  }
  return realmServer;
}

/** The auth2 server of the realm, for tools that speak its protocol. */
async function openAuth2(
  port: number | undefined,
  { protection }: RealmStore,
  realm: RealmServer,
): Promise<Auth2Listener | undefined> {
  if (port === undefined) return undefined;
  const { openAuth2Listener } = await import('./server/auth2/auth2Listener.ts');
  const { RealmAccounts } = await import('./server/auth2/realmAccounts.ts');
  return openAuth2Listener(port, new RealmAccounts({ protection, realm }));
}
