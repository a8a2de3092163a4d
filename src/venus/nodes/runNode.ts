import * as v from 'valibot';
import { CodaError } from '../../ipc/errors.ts';
import type { CallbackProtocol } from '../net/callbackProtocol.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Protocol } from '../net/link.ts';
import { Network } from '../net/network.ts';
import type { VenusProtocol } from '../net/nodeProtocol.ts';
import type { PeerProtocol } from '../net/peerProtocol.ts';
import type { RealmProtocol } from '../net/realmProtocol.ts';
import { ServiceListener } from '../net/serviceListener.ts';
import { SocketLink } from '../net/socketLink.ts';
import { openRealmStore } from '../server/realmStore.ts';
import { ClientNode } from './clientNode.ts';
import {
  type NodeReport,
  type NodeSetup,
  VENUS_NODE,
  nodeSetupSchema,
  nodeSocket,
  services,
} from './nodeSetup.ts';
import { ServerNode } from './serverNode.ts';

type Closer = () => Promise<void> | void;

/**
 * Runs this process as one node of a venus, which says on the channel to it what it is to be. It ends when the channel
 * is closed, however that came about, and at SIGTERM. ^C reaches all processes of a terminal; the venus ends this one then.
 */
export async function runNode(): Promise<void> {
  process.on('SIGINT', () => undefined);
  const ended = new Promise<void>((resolve) => {
    if (!process.connected) resolve();
    process.once('disconnect', resolve);
    process.once('SIGTERM', resolve);
  });
  const closers: Closer[] = [];
  try {
    const setup = await Promise.race([nextMessage(), ended]);
    if (setup === undefined) return;
    await open(v.parse(nodeSetupSchema, setup), closers);
    await report({ kind: 'ready' });
    await ended;
  } catch (error) {
    await report(asReport(error));
  } finally {
    for (const close of closers.reverse()) await close();
    if (process.connected) process.disconnect();
  }
}

function open(setup: NodeSetup, closers: Closer[]): Promise<void> {
  return setup.role === 'server' ? openServer(setup, closers) : openClient(setup, closers);
}

async function openServer(setup: Extract<NodeSetup, { role: 'server' }>, closers: Closer[]): Promise<void> {
  const { name, dataDirectory, sockets, uid, cut, clients, servers } = setup;
  const network = new Network();
  network.setCut(cut);
  const linkTo = <P extends Protocol<P>>(role: 'server' | 'client', to: string, service: string) => {
    const link = new SocketLink<P>({
      path: nodeSocket[role](sockets, to),
      from: name,
      to,
      service,
      network,
    });
    closers.push(() => link.close());
    return link;
  };
  const others = servers.filter((server) => server.name !== name);
  const peers = new Map(
    others.map((server) => [server.name, linkTo<PeerProtocol>('server', server.name, services.peers)]),
  );
  // It only reads it: users and groups are changed by the venus, in its own process.
  const realm = await openRealmStore(dataDirectory, undefined);
  closers.push(() => realm.close());
  const node = await ServerNode.open({ name, dataDirectory, realm, network, peers });
  closers.push(() => node.close());
  for (const to of clients)
    node.server.callbacks.connect(to, linkTo<CallbackProtocol>('client', to, services.callbacks));
  const listener = await ServiceListener.open({
    path: nodeSocket.server(sockets, name),
    uid,
    name,
    network,
    services: {
      [services.files]: node.files,
      [services.peers]: node.forPeers,
      [services.node]: node.node,
    },
  });
  closers.push(() => listener.close());
  // What the process before this one promised to tell, nobody tells any more.
  void node.server.callbacks.breakAll();
  node.onPeersChanged();
}

async function openClient(setup: Extract<NodeSetup, { role: 'client' }>, closers: Closer[]): Promise<void> {
  const { dataDirectory, sockets, uid, cut, client, realmName, servers } = setup;
  const network = new Network();
  network.setCut(cut);
  const from = client.name;
  const toVenus = { path: nodeSocket.venus(sockets), from, to: VENUS_NODE, network };
  const realm = new SocketLink<RealmProtocol>({ ...toVenus, service: services.realm });
  const venus = new SocketLink<VenusProtocol>({ ...toVenus, service: services.venus });
  const files = servers.map(({ name: to, address }) => ({
    name: to,
    address,
    link: new SocketLink<FileProtocol>({
      path: nodeSocket.server(sockets, to),
      from,
      to,
      service: services.files,
      network,
      onLost: () => void node.serverLost(),
    }),
  }));
  for (const link of [realm, venus, ...files.map((server) => server.link)]) closers.push(() => link.close());
  const links = { realm, servers: files, venus };
  const node = await ClientNode.open({ ...client, dataDirectory, realmName, uid, network, links });
  closers.push(() => node.close());
  const listener = await ServiceListener.open({
    path: nodeSocket.client(sockets, client.name),
    uid,
    name: client.name,
    network,
    services: { [services.callbacks]: node.callbacks, [services.node]: node.node },
  });
  closers.push(() => listener.close());
  await node.listen();
}

function nextMessage(): Promise<unknown> {
  return new Promise((resolve) => process.once('message', resolve));
}

/** Resolves when it has been sent, or cannot be since the venus is gone. */
function report(message: NodeReport): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send) process.send(message, () => resolve());
    else resolve();
  });
}

function asReport(error: unknown): NodeReport {
  if (!(error instanceof CodaError)) return { kind: 'failed', code: 'start', message: String(error) };
  const { code, message, why, next } = error;
  return {
    kind: 'failed',
    code,
    message,
    ...(why === undefined ? {} : { why }),
    ...(next === undefined ? {} : { next }),
  };
}
