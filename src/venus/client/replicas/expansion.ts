import { isErrno } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import type { CacheManager } from '../cacheManager.ts';
import { type ObjectPlace, linkTo } from '../place.ts';
import { UserSession } from '../userSession.ts';
import { closeReplicaClient, openReplicaClient } from './replicaClient.ts';

/** An object of a replicated volume, shown as a directory with what each server has of it (spec/repair.md, 2.3). */
export class Expansion {
  readonly kind = 'server/server';
  readonly fid: Fid;
  readonly #main: CacheManager;
  readonly #clients = new Map<string, Promise<CacheManager>>();

  constructor(main: CacheManager, fid: Fid) {
    this.#main = main;
    this.fid = fid;
  }

  /** The servers of its volume, whether they can be reached or not. */
  async names(): Promise<readonly string[]> {
    const { replicas } = await this.#main.locate(this.fid.volume);
    return replicas.map(({ server }) => server);
  }

  /** What one server has; a link that leads nowhere where it cannot be reached, or does not have it. @throws VenusError ENOENT */
  async version(asker: UserSession, name: string, path: string): Promise<ObjectPlace> {
    const { replicas } = await this.#main.locate(this.fid.volume);
    const replica = replicas.find(({ server }) => server === name) ?? fail('ENOENT');
    const client = await this.#client(name);
    // No server tells it of changes.
    client.tree.cache.validity.breakAll();
    const session = new UserSession(client, asker.uid, asker.patience, true);
    try {
      // What was fetched before is not what the server has now.
      const server = await client.serverOf(this.fid.volume);
      await server.call('probe', null);
      return { kind: 'object', path, status: await session.status(this.fid), session };
    } catch (error) {
      if (!isErrno(error, 'ETIMEDOUT', 'ENOENT', 'ENXIO')) throw error;
      const fid = { ...this.fid, volume: replica.volume };
      return { kind: 'object', path, status: linkTo(fid, asker.realm, asker.client.now()), session };
    }
  }

  async close(): Promise<void> {
    for (const [server, opening] of this.#clients) {
      const client = await opening.catch(() => undefined);
      if (client) await closeReplicaClient(this.#main, client, server);
    }
    this.#clients.clear();
  }

  #client(server: string): Promise<CacheManager> {
    const known = this.#clients.get(server);
    if (known) return known;
    const opening = openReplicaClient(this.#main, server);
    this.#clients.set(server, opening);
    opening.catch(() => this.#clients.delete(server));
    return opening;
  }
}
