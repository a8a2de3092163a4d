import { RefusedError } from '../ipc/errors.ts';
import type { CacheManager } from './client/cacheManager.ts';
import type { Network } from './net/network.ts';
import type { Callbacks } from './server/callbacks.ts';

/** A way between a client and a server, and whether it is open. */
export interface Way {
  readonly client: string;
  readonly server: string;
  readonly isCut: boolean;
}

/** The ways between the clients and the server of a venus, which can be cut and healed on command. */
export class Ways {
  readonly #network: Network;
  readonly #server: string;
  readonly #clients = new Map<string, { readonly client: CacheManager; readonly callbacks: Callbacks }>();

  constructor(network: Network, server: string) {
    this.#network = network;
    this.#server = server;
  }

  add(client: CacheManager, callbacks: Callbacks): void {
    this.#clients.set(client.name, { client, callbacks });
  }

  list(): readonly Way[] {
    const server = this.#server;
    return [...this.#clients.keys()].map((client) => ({
      client,
      server,
      isCut: this.#network.isCut(client, server),
    }));
  }

  /**
   * Cuts a way or heals it: at once, so that what has been promised meanwhile is known on both sides when it resolves.
   * @param client, server all of them if they are not given
   * @throws RefusedError unknown-name
   */
  async set(isCut: boolean, client: string | undefined, server: string | undefined): Promise<void> {
    if (server !== undefined && server !== this.#server) throw unknown(server, [this.#server]);
    const names = client === undefined ? [...this.#clients.keys()] : [client];
    for (const name of names) {
      const end = this.#clients.get(name);
      if (!end) throw unknown(name, [...this.#clients.keys()]);
      this.#network[isCut ? 'cut' : 'heal'](name, this.#server);
      await end.client.probeServers();
      if (!isCut) await end.callbacks.retry();
    }
  }
}

function unknown(name: string, known: readonly string[]): RefusedError {
  return new RefusedError('unknown-name', `there is no client or server ${name}`, {
    next: `Those that there are: ${known.join(', ')}`,
  });
}
