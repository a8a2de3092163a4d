import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import type { Database, Table } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import type { CacheManager } from '../cacheManager.ts';
import { Expansion } from './expansion.ts';

/** The objects that a client shows expanded: they stay so until they are collapsed, also over a restart (spec/repair.md, 2.5). */
export class Expansions {
  readonly #client: CacheManager;
  readonly #database: Database;
  readonly #stored: Table<Fid>;
  readonly #open = new Map<string, Expansion>();

  constructor(client: CacheManager, database: Database) {
    this.#client = client;
    this.#database = database;
    this.#stored = database.table('expansions');
    for (const { value } of this.#stored.all())
      this.#open.set(formatFid(value), new Expansion(client, value));
  }

  of(fid: Fid): Expansion | undefined {
    return this.#open.get(formatFid(fid));
  }

  /** @throws VenusError EINVAL for a volume with one server, EINPROGRESS if it is expanded */
  async expand(fid: Fid): Promise<void> {
    const { replicas } = await this.#client.locate(fid.volume);
    if (replicas.length < 2) fail('EINVAL', 'It is not in conflict, and its volume is on one server only.');
    if (this.of(fid)) fail('EINPROGRESS', 'It is expanded.');
    await this.#database.transaction((writer) => writer.put(this.#stored, fidKey(fid), fid));
    this.#open.set(formatFid(fid), new Expansion(this.#client, fid));
  }

  async collapse(fid: Fid): Promise<void> {
    const expansion = this.of(fid) ?? fail('EINVAL', 'It is not expanded.');
    await this.#database.transaction((writer) => writer.remove(this.#stored, fidKey(fid)));
    this.#open.delete(formatFid(fid));
    await expansion.close();
    this.#client.tree.cache.validity.break([fid]);
  }

  async close(): Promise<void> {
    for (const expansion of this.#open.values()) await expansion.close();
  }
}

function fidKey({ volume, vnode, unique }: Fid) {
  return key(volume, vnode, unique);
}
