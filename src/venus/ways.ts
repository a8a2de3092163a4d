import { RefusedError } from '../ipc/errors.ts';
import type { Remote } from './net/link.ts';
import type { NodePair } from './net/network.ts';
import type { NodeProtocol, VenusProtocol, Way } from './net/nodeProtocol.ts';

/** A node at one end of ways that can be cut. */
export interface WayEnd {
  readonly name: string;
  readonly node: Remote<NodeProtocol>;
}

/** The ways between the clients and the servers of a venus, which can be cut and healed on command. */
export class Ways {
  readonly #clients = new Map<string, WayEnd>();
  readonly #servers = new Map<string, WayEnd>();
  readonly #cut = new Map<string, NodePair>();

  addClient(end: WayEnd): void {
    this.#clients.set(end.name, end);
  }

  addServer(end: WayEnd): void {
    this.#servers.set(end.name, end);
  }

  list(): readonly Way[] {
    const servers = [...this.#servers.keys()];
    return [...this.#clients.keys()].flatMap((client) =>
      servers.map((server) => ({ client, server, isCut: this.#cut.has(keyOf(client, server)) })),
    );
  }

  /** All that are cut, as a node has to know them. */
  cut(): readonly NodePair[] {
    return [...this.#cut.values()];
  }

  /**
   * Cuts ways or heals them: at once, so that what has been promised meanwhile is known on both sides when it resolves.
   * @param request all clients or all servers, where none is named
   * @throws RefusedError unknown-name
   */
  async set({ isCut, client, server }: VenusProtocol['setWays']['request']): Promise<void> {
    const clients = endsNamed(client, this.#clients, this.#servers);
    const servers = endsNamed(server, this.#servers, this.#clients);
    for (const { name: one } of clients) {
      for (const { name: other } of servers) {
        if (isCut) this.#cut.set(keyOf(one, other), { one, other });
        else this.#cut.delete(keyOf(one, other));
      }
    }
    const cut = this.cut();
    await Promise.all([...servers, ...clients].map(({ node }) => node.call('setCut', { cut })));
    await Promise.all(clients.map(({ node }) => node.call('look', null)));
    if (!isCut) await Promise.all(servers.map(({ node }) => node.call('look', null)));
  }
}

function endsNamed(
  name: string | undefined,
  ends: ReadonlyMap<string, WayEnd>,
  others: ReadonlyMap<string, WayEnd>,
): readonly WayEnd[] {
  if (name === undefined) return [...ends.values()];
  const end = ends.get(name);
  if (end) return [end];
  throw new RefusedError('unknown-name', `there is no client or server ${name}`, {
    next: `Those that there are: ${[...ends.keys(), ...others.keys()].join(', ')}`,
  });
}

function keyOf(client: string, server: string): string {
  return `${client}\n${server}`;
}
