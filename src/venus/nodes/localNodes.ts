import type { CallbackProtocol } from '../net/callbackProtocol.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import { Link, type Protocol, type Remote, type Service } from '../net/link.ts';
import { Network } from '../net/network.ts';
import type { NodeProtocol, ProcessDescription, VenusProtocol } from '../net/nodeProtocol.ts';
import type { PeerProtocol } from '../net/peerProtocol.ts';
import type { RealmProtocol, ServerDescription } from '../net/realmProtocol.ts';
import type { RealmStore } from '../server/realmStore.ts';
import { Ways } from '../ways.ts';
import { ClientNode, type ClientOptions } from './clientNode.ts';
import { LocalServer } from './localServer.ts';
import type { Nodes, ServerSwitch, VenusServices } from './nodes.ts';
import { ServerNode } from './serverNode.ts';

export interface LocalNodesOptions {
  readonly dataDirectory: string;
  readonly realm: RealmStore;
  readonly uid: number;
}

interface Member extends ServerDescription {
  readonly server: LocalServer;
}

/** All servers and clients in this process. */
export class LocalNodes implements Nodes {
  readonly ways = new Ways();
  readonly servers = new Map<string, ServerSwitch>();
  readonly #options: LocalNodesOptions;
  readonly #network = new Network();
  readonly #members: Member[] = [];
  readonly #clients: ClientNode[] = [];

  constructor(options: LocalNodesOptions) {
    this.#options = options;
  }

  async openServers(
    servers: readonly ServerDescription[],
  ): Promise<ReadonlyMap<string, Remote<FileProtocol>>> {
    for (const description of servers) {
      const { name } = description;
      const server = new LocalServer(() => this.#openServer(name));
      this.#members.push({ ...description, server });
      this.servers.set(name, this.#switchOf(name, server));
      const node = server.link<NodeProtocol>((opened) => opened.node);
      this.ways.addServer({ name, node, isStopped: () => server.state === 'stopped' });
    }
    for (const { server } of this.#members) await server.start();
    for (const { server } of this.#members) server.node?.onPeersChanged();
    return new Map(
      this.#members.map(({ name, server }) => [name, server.link<FileProtocol>((node) => node.files)]),
    );
  }

  async openClients(clients: readonly ClientOptions[], services: VenusServices): Promise<void> {
    for (const client of clients) await this.#openClient(client, services);
  }

  processes(): readonly ProcessDescription[] {
    return [];
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0).reverse()) await client.close();
    await Promise.all(this.#members.splice(0).map(({ server }) => server.stop()));
  }

  async #openServer(name: string): Promise<ServerNode> {
    const { dataDirectory, realm } = this.#options;
    const network = this.#network;
    network.setCut(this.ways.cut());
    const others = this.#members.filter((other) => other.name !== name);
    const peers = new Map(
      others.map((other) => [other.name, this.#wayTo<PeerProtocol>(name, other, (node) => node.forPeers)]),
    );
    const node = await ServerNode.open({ name, dataDirectory, realm, network, peers });
    for (const client of this.#clients) this.#promise(name, node, client);
    return node;
  }

  async #openClient(
    { name, socket, settings }: ClientOptions,
    { realm, venus }: VenusServices,
  ): Promise<void> {
    const client = await ClientNode.open({
      name,
      socket,
      settings,
      dataDirectory: this.#options.dataDirectory,
      realmName: this.#options.realm.name,
      uid: this.#options.uid,
      network: this.#network,
      links: {
        realm: new Link<RealmProtocol>(realm),
        servers: this.#members.map((member) => ({
          name: member.name,
          address: member.address,
          link: this.#wayTo<FileProtocol>(name, member, (node) => node.files),
        })),
        venus: new Link<VenusProtocol>(venus),
      },
    });
    this.#clients.push(client);
    for (const { name: from, server } of this.#members) {
      if (server.node) this.#promise(from, server.node, client);
    }
    this.ways.addClient({ name, node: new Link<NodeProtocol>(client.node) });
    await client.listen();
  }

  #switchOf(name: string, server: LocalServer): ServerSwitch {
    return {
      pid: undefined,
      get state() {
        return server.state;
      },
      start: async () => {
        await server.start();
        // What the server before this one promised to tell, nobody tells any more.
        await server.node?.server.callbacks.breakAll();
        server.node?.onPeersChanged();
        await this.ways.noteUp(name);
      },
      stop: async () => {
        await server.stop();
        await this.#noteDown();
      },
      kill: async () => {
        await server.kill();
        await this.#noteDown();
      },
      reaches: async () => (await server.node?.node.reach(null))?.servers ?? [],
    };
  }

  async #noteDown(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.serverLost()));
  }

  /** Has a server tell a client what it promised. */
  #promise(from: string, node: ServerNode, client: ClientNode): void {
    const { name } = client.client;
    node.server.callbacks.connect(
      name,
      this.#network.connect<CallbackProtocol>(from, name, client.callbacks),
    );
  }

  #wayTo<P extends Protocol<P>>(
    from: string,
    { name, server }: Member,
    service: (node: ServerNode) => Service<P>,
  ): Remote<P> {
    return server.link<P>(service, () => !this.#network.isCut(from, name));
  }
}
