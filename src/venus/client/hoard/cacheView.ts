import { Right } from '../../../acl/rights.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { decodeText } from '../../../ipc/text.ts';
import { requireRights } from '../../tree/access.ts';
import { isInconsistent } from '../../tree/version.ts';
import { type Vnode, lengthOf } from '../../tree/vnodes.ts';
import type { CacheManager } from '../cacheManager.ts';
import type { Asker } from '../cache/objectCache.ts';
import { isMountTarget } from '../place.ts';
import { UserSession } from '../userSession.ts';
import { LookupFailure, type Member, type SeenObject, type View } from './view.ts';

/** What is here, without asking anybody. */
export class LocalView implements View {
  readonly client: CacheManager;

  constructor(client: CacheManager) {
    this.client = client;
  }

  object(fid: Fid): Promise<SeenObject> {
    const vnode = this.cache.vnodes.find(fid);
    if (!vnode) return Promise.reject(new LookupFailure('not fetched'));
    return Promise.resolve(seen(this.client, vnode));
  }

  readonly prepare: View['prepare'] = () => Promise.resolve();

  member(directory: Fid, name: string): Promise<Member | undefined> {
    const entry = this.cache.vnodes.entry(directory, name);
    if (!entry && !this.cache.isComplete(directory)) return Promise.reject(new LookupFailure('not fetched'));
    return Promise.resolve(entry && { name, type: entry.type, fid: { ...entry, volume: directory.volume } });
  }

  members(directory: Fid, after: string | undefined, limit: number): Promise<readonly Member[]> {
    const found: Member[] = [];
    for (const { name, entry } of this.cache.vnodes.entries(directory, after)) {
      const { vnode, unique, type } = entry;
      if (found.push({ name, type, fid: { volume: directory.volume, vnode, unique } }) === limit) break;
    }
    return Promise.resolve(found);
  }

  volumeOf(name: string): Promise<number | undefined> {
    return Promise.resolve(this.client.knownVolume(name));
  }

  above(volume: number): Fid | undefined {
    return this.client.mountedAt(volume)?.directory;
  }

  protected get cache() {
    return this.client.tree.cache;
  }
}

/** What is here, and brings here what is not: in the name of the user of an entry. */
export class FetchingView extends LocalView {
  readonly #session: UserSession;
  readonly #priority: number;

  constructor(client: CacheManager, uid: number, priority: number) {
    super(client);
    this.#session = new UserSession(client, uid);
    this.#priority = priority;
  }

  get asker(): Asker {
    return { ...this.#session.asker(), hoard: this.#priority };
  }

  override async object(fid: Fid): Promise<SeenObject> {
    const vnode = await this.cache.object(this.asker, fid);
    if (vnode.type === 'file') {
      const ruler = await this.cache.ruler(this.asker, vnode);
      requireRights(ruler, this.#session.identity(), Right.Read);
    }
    return seen(this.client, vnode);
  }

  override readonly prepare: View['prepare'] = async (fids) => {
    await this.cache.objects(this.asker, fids);
  };

  override async member(directory: Fid, name: string): Promise<Member | undefined> {
    await this.#complete(directory);
    return super.member(directory, name);
  }

  override async members(
    directory: Fid,
    after: string | undefined,
    limit: number,
  ): Promise<readonly Member[]> {
    await this.#complete(directory);
    return super.members(directory, after, limit);
  }

  override async volumeOf(name: string): Promise<number | undefined> {
    return (await this.client.locateByName(name))?.id;
  }

  async #complete(directory: Fid): Promise<void> {
    const vnode = await this.cache.directory(this.asker, directory);
    requireRights(vnode, this.#session.identity(), Right.Lookup);
  }
}

export function seen(client: CacheManager, vnode: Vnode): SeenObject {
  const { fid, type } = vnode;
  const target = vnode.type === 'symlink' ? decodeText(vnode.target) : undefined;
  const mounts = vnode.type === 'symlink' && isMountTarget(vnode) ? mountedName(client, target) : undefined;
  const isInConflict = client.tree.logs.isInConflict(fid) || isInconsistent(vnode);
  return { fid, type, length: lengthOf(vnode), target, mounts, isInConflict };
}

/** The volume behind the contents of a mount link, `#name@realm.`. */
export function mountedName(client: CacheManager, target = ''): string | undefined {
  const [name = '', realm] = target.slice(1).replace(/\.$/, '').split('@');
  return realm === undefined || realm === client.realm.name ? name : undefined;
}
