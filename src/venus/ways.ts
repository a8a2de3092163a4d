import { RefusedError, isErrno } from '../ipc/errors.ts';
import type { Remote } from './net/link.ts';
import type { NodePair } from './net/network.ts';
import type { NodeProtocol, VenusProtocol, Way } from './net/nodeProtocol.ts';

/** A node at one end of ways that can be cut. */
export interface WayEnd {
  readonly name: string;
  readonly node: Remote<NodeProtocol>;
  /** One that is stopped is not told anything: it learns all when it is started. */
  readonly isStopped?: () => boolean;
}

/** The ways from clients to servers and between servers, which can be cut and healed on command. */
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

  /** Those of the clients, then those between servers. */
  list(): readonly Way[] {
    return this.#pairs().map(({ one, other }) => {
      const isCut = this.#cut.has(keyOf({ one, other }));
      return this.#servers.has(one)
        ? { server: one, peer: other, isCut }
        : { client: one, server: other, isCut };
    });
  }

  /** All that are cut, as a node has to know them. */
  cut(): readonly NodePair[] {
    return [...this.#cut.values()];
  }

  /**
   * Cuts ways or heals them: at once, so that what has been promised meanwhile is known on both sides when it resolves.
   * @throws RefusedError unknown-name, bad-request
   */
  async set({ isCut, node, server }: VenusProtocol['setWays']['request']): Promise<void> {
    if (node !== undefined) endNamed(node, new Map([...this.#clients, ...this.#servers]), this.#names);
    if (server !== undefined) endNamed(server, this.#servers, this.#names);
    if (node !== undefined && node === server)
      throw new RefusedError('bad-request', `there is no link from ${server} to itself`);
    const named = [node, server].filter((name) => name !== undefined);
    const pairs = this.#pairs().filter(({ one, other }) =>
      named.every((name) => name === one || name === other),
    );
    for (const pair of pairs) {
      if (isCut) this.#cut.set(keyOf(pair), pair);
      else this.#cut.delete(keyOf(pair));
    }
    await this.#tellAbout(pairs, isCut);
  }

  /** A server has come up: the others look, since they may have to catch up with it. One that is not up yet will by itself. */
  async noteUp(server: string): Promise<void> {
    const others = [...this.#clients.values(), ...this.#servers.values()].filter(
      ({ name }) => name !== server,
    );
    const looks = others.map((end) =>
      tell(end, 'look', null).catch((error: unknown) => {
        if (!isErrno(error, 'ETIMEDOUT')) throw error;
      }),
    );
    await Promise.all(looks);
  }

  /** A client looks in any case; a server when it can reach clients again, and when ways to other servers have changed. */
  async #tellAbout(pairs: readonly NodePair[], isCut: boolean): Promise<void> {
    const between = pairs.filter(({ one }) => this.#servers.has(one));
    const ends = new Set(pairs.flatMap(({ one, other }) => [one, other]));
    const peers = new Set(between.flatMap(({ one, other }) => [one, other]));
    const clients = [...this.#clients.values()].filter(({ name }) => ends.has(name));
    const servers = [...this.#servers.values()].filter(({ name }) => ends.has(name));
    const cut = this.cut();
    await Promise.all([...servers, ...clients].map((end) => tell(end, 'setCut', { cut })));
    await Promise.all(clients.map((end) => tell(end, 'look', null)));
    const looking = servers.filter(({ name }) => !isCut || peers.has(name));
    await Promise.all(looking.map((end) => tell(end, 'look', null)));
  }

  #pairs(): readonly NodePair[] {
    const servers = [...this.#servers.keys()];
    const ofClients = [...this.#clients.keys()].flatMap((one) => servers.map((other) => ({ one, other })));
    const between = servers.flatMap((one, index) =>
      servers.slice(index + 1).map((other) => ({ one, other })),
    );
    return [...ofClients, ...between];
  }

  get #names(): readonly string[] {
    return [...this.#clients.keys(), ...this.#servers.keys()];
  }
}

/** One that is stopped, or ends just now, need not be told. */
async function tell<Name extends keyof NodeProtocol>(
  { node, isStopped = () => false }: WayEnd,
  name: Name,
  request: NodeProtocol[Name]['request'],
): Promise<void> {
  if (isStopped()) return;
  try {
    await node.call(name, request);
  } catch (error) {
    if (!isStopped() || !isErrno(error, 'ETIMEDOUT')) throw error;
  }
}

function endNamed(name: string, ends: ReadonlyMap<string, WayEnd>, all: readonly string[]): void {
  if (ends.has(name)) return;
  throw new RefusedError('unknown-name', `there is no client or server ${name}`, {
    next: `Those that there are: ${all.join(', ')}`,
  });
}

function keyOf({ one, other }: NodePair): string {
  return `${one}\n${other}`;
}
