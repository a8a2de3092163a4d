import type { Fid } from '../../../ipc/fid.ts';
import { type Vnode, sameFid } from '../../tree/vnodes.ts';
import type { ClientTree } from '../clientTree.ts';
import { isMountTarget } from '../place.ts';
import type { MountedVolume } from '../locations.ts';
import type { FileCache } from './fileCache.ts';
import { fidText } from './inventory.ts';
import { linksInUse } from './mountLinks.ts';

/** An object of a volume as `cfs listcache` shows it (spec/cfs.md, 6.5). */
export interface ListedObject {
  readonly fid: Fid;
  readonly type: Vnode['type'];
  /** From the root of the volume, which is the empty path: `/a/b`; `???/b` if its directory is not here. */
  readonly path: string;
  /** Whether the servers have promised to tell when it changes, and have not. */
  readonly isStatusValid: boolean;
  /** Whether its contents are here: of a directory all its entries. */
  readonly hasContents: boolean;
  /** Whether changes of it wait in a modify log. */
  readonly isDirty: boolean;
  /** Whether it is a link by which a volume would be mounted. */
  readonly isMountLink: boolean;
  readonly isVolumeRoot: boolean;
}

/** Objects forgotten in one transaction. */
const BATCH = 1024;
/** Directories, or volumes, on the way to something; volumes may be mounted in each other, which has no end. */
const MAX_DEPTH = 1024;
/** Objects listed before others have their turn. */
const PAGE = 256;

/** What people do with a cache by hand: throw out, and look what is in it. */
export class CacheUpkeep {
  readonly #tree: ClientTree;
  readonly #files: FileCache;
  readonly #mounts: () => readonly MountedVolume[];

  /** @param mounts the volumes that are mounted in others */
  constructor(tree: ClientTree, files: FileCache, mounts: () => readonly MountedVolume[]) {
    this.#tree = tree;
    this.#files = files;
    this.#mounts = mounts;
  }

  /** Throws out the contents of a file; what is known of it stays. Not those that are unsent or open. */
  forgetContents(fid: Fid): Promise<void> {
    return this.#files.empty(fid);
  }

  /**
   * Throws out an object with all that is in it, also in volumes that are mounted there, but not what is unsent or open, nor
   * what is above that.
   * @returns whether it has gone
   */
  async forgetObject(fid: Fid): Promise<boolean> {
    for (const { volume } of this.#mountedBelow(fid)) await this.forgetVolume(volume);
    const links = linksInUse(this.#tree.cache.vnodes, this.#mounts());
    const below = [...this.#below(fid)].filter((found) => !links.has(fidText(found)));
    // What is in a directory goes before it.
    await this.#forget(below.reverse());
    return this.#tree.cache.vnodes.find(fid) === undefined;
  }

  /** Throws out all of a volume that is neither unsent nor open, nor the way to another one of which something is here. */
  async forgetVolume(volume: number): Promise<void> {
    const { vnodes } = this.#tree.cache;
    const directories: Fid[] = [];
    let others: Fid[] = [];
    const links = linksInUse(this.#tree.cache.vnodes, this.#mounts());
    for (const { fid, type } of [...vnodes.inVolume(volume, 0)]) {
      if (type === 'directory') directories.push(fid);
      else if (!links.has(fidText(fid))) others.push(fid);
    }
    await this.#forget(others);
    // Each round takes away those in which nothing is any more.
    for (let left = directories; left.length > 0; left = others) {
      await this.#forget(left);
      others = left.filter((fid) => vnodes.find(fid) !== undefined);
      if (others.length === left.length) return;
    }
  }

  async forgetAll(): Promise<void> {
    // What is mounted goes before that in which it is: else the way to it would stay.
    const depths = new Map(this.volumes().map((volume) => [volume, this.#depthOf(volume)]));
    const volumes = [...depths].sort(([, one], [, other]) => other - one);
    for (const [volume] of volumes) await this.forgetVolume(volume);
  }

  /** Forgets how objects were used; how much they are hoarded stays. */
  forgetUses(): void {
    this.#tree.cache.inventory.forgetUses();
  }

  /** Those of which something is here. */
  volumes(): readonly number[] {
    return Array.from(this.#tree.cache.vnodes.volumes(), ({ id }) => id);
  }

  /** What of a volume is here, in the order of its vnodes. */
  async *list(volume: number): AsyncGenerator<ListedObject> {
    const { vnodes } = this.#tree.cache;
    for (let after = 0, page: Vnode[] = []; ;) {
      page = [];
      for (const vnode of vnodes.inVolume(volume, after)) if (page.push(vnode) === PAGE) break;
      const last = page.at(-1);
      if (!last) return;
      yield* page.map((vnode) => this.#listed(vnode));
      after = last.fid.vnode;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #listed(vnode: Vnode): ListedObject {
    const { cache, logs } = this.#tree;
    const { fid, type, parent } = vnode;
    const isDirty = logs.isDirty(fid);
    const path = this.#tree.pathTo(fid);
    return {
      fid,
      type,
      path: path === '' || path.startsWith('???') ? path : `/${path}`,
      isStatusValid: isDirty || cache.validity.isValid(fid),
      hasContents: cache.hasContents(vnode),
      isDirty,
      isMountLink: type === 'symlink' && isMountTarget(vnode),
      isVolumeRoot: parent === undefined,
    };
  }

  /** An object and what of it is here, each directory before what is in it. */
  *#below(fid: Fid): Generator<Fid> {
    const { vnodes } = this.#tree.cache;
    const vnode = vnodes.find(fid);
    if (!vnode) return;
    yield fid;
    if (vnode.type !== 'directory') return;
    for (const { entry } of vnodes.entries(fid)) yield* this.#below({ ...entry, volume: fid.volume });
  }

  /** Volumes on the way to one. */
  #depthOf(volume: number): number {
    const mounts = this.#mounts();
    let depth = 0;
    let at: number | undefined = volume;
    while (at !== undefined && depth < MAX_DEPTH) {
      const mounted: number = at;
      at = mounts.find((mount) => mount.volume === mounted)?.directory.volume;
      depth += 1;
    }
    return depth;
  }

  /** The volumes that are mounted somewhere below a directory, the deepest first. */
  #mountedBelow(fid: Fid): readonly MountedVolume[] {
    const mounts = this.#mounts();
    const isBelow = ({ directory }: MountedVolume) => {
      let at: Fid | undefined = directory;
      for (let depth = 0; at && depth < MAX_DEPTH; depth++) {
        if (sameFid(at, fid)) return true;
        const { volume }: Fid = at;
        at =
          this.#tree.cache.vnodes.find(at)?.parent ??
          mounts.find((mount) => mount.volume === volume)?.directory;
      }
      return false;
    };
    return mounts
      .filter(isBelow)
      .map((mount) => ({ mount, depth: this.#depthOf(mount.volume) }))
      .sort((one, other) => other.depth - one.depth)
      .map(({ mount }) => mount);
  }

  async #forget(fids: readonly Fid[]): Promise<void> {
    for (let at = 0; at < fids.length; at += BATCH)
      await this.#tree.cache.forgetObjects(fids.slice(at, at + BATCH));
  }
}
