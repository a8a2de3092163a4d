import type { CallbackProtocol } from '../net/callbackProtocol.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import { Link, type Remote } from '../net/link.ts';
import { Network } from '../net/network.ts';
import type { NodeProtocol, ProcessDescription, VenusProtocol } from '../net/nodeProtocol.ts';
import type { RealmProtocol } from '../net/realmProtocol.ts';
import type { RealmStore } from '../server/realmStore.ts';
import { Ways } from '../ways.ts';
import { ClientNode, type ClientOptions } from './clientNode.ts';
import type { Nodes, VenusServices } from './nodes.ts';
import { SERVER, ServerNode } from './serverNode.ts';

export interface LocalNodesOptions {
  readonly dataDirectory: string;
  readonly realm: RealmStore;
  readonly uid: number;
}

/** All servers and clients in this process. */
export class LocalNodes implements Nodes {
  readonly ways = new Ways();
  readonly #options: LocalNodesOptions;
  readonly #network = new Network();
  readonly #clients: ClientNode[] = [];
  #server: ServerNode | undefined;

  constructor(options: LocalNodesOptions) {
    this.#options = options;
  }

  async openServer(): Promise<Remote<FileProtocol>> {
    const { dataDirectory, realm } = this.#options;
    const server = await ServerNode.open({ dataDirectory, realm, network: this.#network });
    this.#server = server;
    this.ways.addServer({ name: SERVER.name, node: new Link<NodeProtocol>(server.node) });
    return new Link<FileProtocol>(server.files);
  }

  async openClients(clients: readonly ClientOptions[], services: VenusServices): Promise<void> {
    for (const client of clients) await this.#openClient(client, services);
  }

  processes(): readonly ProcessDescription[] {
    return [];
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0).reverse()) await client.close();
    await this.#server?.close();
    this.#server = undefined;
  }

  async #openClient(
    { name, socket, settings }: ClientOptions,
    { realm, venus }: VenusServices,
  ): Promise<void> {
    const server = this.#server;
    if (!server) throw new Error('clients come after their server');
    const network = this.#network;
    const client = await ClientNode.open({
      name,
      socket,
      settings,
      dataDirectory: this.#options.dataDirectory,
      realmName: this.#options.realm.name,
      uid: this.#options.uid,
      network,
      links: {
        realm: new Link<RealmProtocol>(realm),
        server: network.connect<FileProtocol>(name, SERVER.name, server.files),
        venus: new Link<VenusProtocol>(venus),
      },
    });
    this.#clients.push(client);
    const callbacks = network.connect<CallbackProtocol>(SERVER.name, name, client.callbacks);
    server.server.callbacks.connect(name, callbacks);
    this.ways.addClient({ name, node: new Link<NodeProtocol>(client.node) });
    await client.listen();
  }
}
