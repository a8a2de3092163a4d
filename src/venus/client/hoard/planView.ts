import type { Fid } from '../../../ipc/fid.ts';
import { isInconsistent } from '../../tree/version.ts';
import type { CacheManager } from '../cacheManager.ts';
import { fidText } from '../cache/inventory.ts';
import { isMountLink } from '../place.ts';
import { UserSession } from '../userSession.ts';
import { mountedName, seen } from './cacheView.ts';
import type { Member, SeenObject, View } from './view.ts';

/** Questions asked at once. */
const IN_FLIGHT = 32;

/** The tree as it is, here where that is known to be as new as on the servers: looking at it changes nothing here. */
export class PlanView implements View {
  readonly #client: CacheManager;
  readonly #session: UserSession;
  /** What has been asked for, until it is looked at. */
  readonly #prepared = new Map<string, Promise<SeenObject>>();

  constructor(client: CacheManager, uid: number) {
    this.#client = client;
    this.#session = new UserSession(client, uid);
  }

  object(fid: Fid): Promise<SeenObject> {
    const id = fidText(fid);
    const prepared = this.#prepared.get(id);
    this.#prepared.delete(id);
    return prepared ?? this.#look(fid);
  }

  async prepare(fids: readonly Fid[]): Promise<void> {
    this.#prepared.clear();
    let next = 0;
    const work = async () => {
      for (let fid = fids[next++]; fid; fid = fids[next++]) {
        const looked = this.#look(fid);
        this.#prepared.set(fidText(fid), looked);
        // Who looks at it is told of what it failed with.
        await looked.catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  }

  async member(directory: Fid, name: string): Promise<Member | undefined> {
    if (this.#isKnown(directory)) {
      const entry = this.#cache.vnodes.entry(directory, name);
      return entry && { name, type: entry.type, fid: { ...entry, volume: directory.volume } };
    }
    const server = await this.#client.serverOf(directory.volume);
    const { credentials } = this.#session.asker();
    const { fid, type } = await server.call('lookup', { credentials, directory, name });
    return { name, fid, type };
  }

  async members(directory: Fid, after: string | undefined, limit: number): Promise<readonly Member[]> {
    if (this.#isKnown(directory)) return this.#session.entries(directory, after, limit);
    const server = await this.#client.serverOf(directory.volume);
    const { credentials } = this.#session.asker();
    return server.call('readDirectory', { credentials, directory, after, limit });
  }

  async volumeOf(name: string): Promise<number | undefined> {
    return (await this.#client.locateByName(name))?.id;
  }

  above(volume: number): Fid | undefined {
    return this.#client.mountedAt(volume)?.directory;
  }

  async #look(fid: Fid): Promise<SeenObject> {
    const { validity, vnodes } = this.#cache;
    const present = vnodes.find(fid);
    const isNew = validity.isValid(fid) || this.#client.tree.logs.isDirty(fid);
    if (present && (isNew || !this.#client.isReachable(fid.volume))) return seen(this.#client, present);
    const server = await this.#client.serverOf(fid.volume);
    const { credentials } = this.#session.asker();
    const status = await server.call('getStatus', { credentials, fid });
    const { type, length, target } = status;
    const mounts = isMountLink(status) ? mountedName(this.#client, target) : undefined;
    return { fid, type, length, target, mounts, isInConflict: isInconsistent(status) };
  }

  /** Whether the entries of a directory are here, as new as can be. */
  #isKnown(directory: Fid): boolean {
    const { logs } = this.#client.tree;
    if (!this.#cache.isComplete(directory)) return false;
    const isNew = this.#cache.validity.isValid(directory) || logs.isDirty(directory);
    return isNew || !this.#client.isReachable(directory.volume);
  }

  get #cache() {
    return this.#client.tree.cache;
  }
}
