import { rmSync } from 'node:fs';
import { isErrno } from '../../ipc/errors.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Protocol, Remote } from '../net/link.ts';
import { Network } from '../net/network.ts';
import type { NodeProtocol, ProcessDescription } from '../net/nodeProtocol.ts';
import { ServiceListener } from '../net/serviceListener.ts';
import { SocketLink } from '../net/socketLink.ts';
import type { ServerDescription } from '../net/realmProtocol.ts';
import { logFault } from '../log.ts';
import { Ways } from '../ways.ts';
import type { ClientOptions } from './clientNode.ts';
import { NodeProcess, type StartProcess } from './nodeProcess.ts';
import { type NodeSetup, VENUS_NODE, nodeSocket, services } from './nodeSetup.ts';
import type { Nodes, ServerSwitch, VenusServices } from './nodes.ts';
import { socketDirectory } from './socketDirectory.ts';

export interface ProcessNodesOptions {
  readonly dataDirectory: string;
  readonly realmName: string;
  readonly uid: number;
  readonly start: StartProcess;
}

interface Member {
  readonly role: 'server' | 'client';
  readonly process: NodeProcess;
  readonly node: SocketLink<NodeProtocol>;
  /** Resolves when the others know that it is up. */
  known: Promise<void>;
}

/** Milliseconds after which it is seen that a process has ended. */
const NOTICE = 100;

/** Each server and each client in a process of its own. */
export class ProcessNodes implements Nodes {
  readonly ways = new Ways();
  readonly servers = new Map<string, ServerSwitch>();
  readonly #options: ProcessNodesOptions;
  /** The venus itself is not cut off from anybody. */
  readonly #network = new Network();
  readonly #members: Member[] = [];
  readonly #files: SocketLink<FileProtocol>[] = [];
  #descriptions: readonly ServerDescription[] = [];
  #sockets = '';
  #listener: ServiceListener | undefined;

  constructor(options: ProcessNodesOptions) {
    this.#options = options;
  }

  async openServers(
    servers: readonly ServerDescription[],
    options: readonly ClientOptions[],
  ): Promise<ReadonlyMap<string, Remote<FileProtocol>>> {
    const { dataDirectory, uid } = this.#options;
    const clients = options.map(({ name }) => name);
    this.#descriptions = servers;
    const names = servers.map(({ name }) => name);
    this.#sockets = socketDirectory(dataDirectory, uid, { servers: names, clients });
    const members = names.map((name) => this.#addServer(name, clients));
    await Promise.all(members.map(({ process }) => process.start()));
    const links = names.map((name) => this.#linkTo<FileProtocol>('server', name, services.files));
    this.#files.push(...links);
    return new Map(links.map((link, index) => [names[index] ?? '', link]));
  }

  async openClients(clients: readonly ClientOptions[], { realm, venus }: VenusServices): Promise<void> {
    this.#listener = await ServiceListener.open({
      path: nodeSocket.venus(this.#sockets),
      uid: this.#options.uid,
      name: VENUS_NODE,
      network: this.#network,
      services: { [services.realm]: realm, [services.venus]: venus },
    });
    const { realmName } = this.#options;
    const started = clients.map((client) => {
      const { name } = client;
      const member = this.#member('client', name, () => ({
        role: 'client',
        ...this.#common(),
        realmName,
        client,
      }));
      this.ways.addClient({ name, node: tellWhenReady(member) });
      return member.process.start();
    });
    await Promise.all(started);
  }

  processes(): readonly ProcessDescription[] {
    return this.#members.flatMap(({ role, process: { name, pid } }) =>
      pid === undefined ? [] : { name, role, pid },
    );
  }

  async close(): Promise<void> {
    for (const role of ['client', 'server']) {
      const members = this.#members.filter((member) => member.role === role);
      await Promise.all(members.map(({ process }) => process.stop()));
    }
    for (const { node } of this.#members.splice(0)) node.close();
    for (const link of this.#files.splice(0)) link.close();
    await this.#listener?.close();
    if (this.#sockets !== '') rmSync(this.#sockets, { recursive: true, force: true });
  }

  #addServer(name: string, clients: readonly string[]): Member {
    const setup = (): NodeSetup => ({
      role: 'server',
      ...this.#common(),
      name,
      clients: [...clients],
    });
    const member = this.#member('server', name, setup);
    const { process, node } = member;
    this.ways.addServer({
      name,
      node: tellWhenReady(member),
      isStopped: () => process.state === 'stopped',
    });
    this.servers.set(name, {
      get state() {
        return process.state;
      },
      get pid() {
        return process.pid;
      },
      start: async () => {
        await process.start();
        await member.known;
      },
      stop: () => process.stop(),
      kill: () => process.kill(),
      reaches: async () => (await node.call('reach', null)).servers,
    });
    return member;
  }

  #member(role: Member['role'], name: string, setup: () => NodeSetup): Member {
    const node = this.#linkTo<NodeProtocol>(role, name, services.node);
    const onReady = async () => {
      // Ways may have been cut or healed since it was told what it is to be.
      await node.call('setCut', { cut: this.ways.cut() });
      if (role === 'server')
        member.known = this.ways.noteUp(name).catch((error: unknown) => logFault('servers', error));
    };
    const process = new NodeProcess({ name, start: this.#options.start, setup, onReady });
    const member: Member = { role, process, node, known: Promise.resolve() };
    this.#members.push(member);
    return member;
  }

  #linkTo<P extends Protocol<P>>(role: Member['role'], to: string, service: string): SocketLink<P> {
    const path = nodeSocket[role](this.#sockets, to);
    return new SocketLink<P>({ path, from: VENUS_NODE, to, service, network: this.#network });
  }

  #common() {
    const { dataDirectory, uid } = this.#options;
    const [cut, servers] = [[...this.ways.cut()], [...this.#descriptions]];
    return { dataDirectory, sockets: this.#sockets, uid, cut, servers };
  }
}

/** To a node that may just have died: the process that comes after it is told. */
function tellWhenReady({ process, node }: Member): Remote<NodeProtocol> {
  return {
    async call(name, request) {
      for (;;) {
        await process.ready();
        const { lives } = process;
        try {
          return await node.call(name, request);
        } catch (error) {
          if (!isErrno(error, 'ETIMEDOUT')) throw error;
          await new Promise((resolve) => setTimeout(resolve, NOTICE));
          if (process.lives === lives && process.pid !== undefined) throw error;
        }
      }
    },
  };
}
