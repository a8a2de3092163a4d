import type { FileHandle } from 'node:fs/promises';
import { errno } from '../../../ipc/errno.ts';
import { VenusError } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import { fail } from '../../fail.ts';
import { FRAGMENT, type FileProtocol } from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import type { Containers, NewContainer } from '../../store/containers.ts';
import type { Database } from '../../store/database.ts';
import type { Contents } from '../../tree/apply.ts';
import { sameStoreId } from '../../tree/version.ts';
import { type FileVnode, type Vnode, withoutContainer } from '../../tree/vnodes.ts';
import type { Lookaside } from '../lookaside/lookaside.ts';
import { type Events, whenPercentChanges } from '../events.ts';
import { REQUEST_PRIORITY } from '../../../hoard/priority.ts';
import { type ContainerCount, Holder } from './containerCount.ts';
import type { Asker, ObjectCache } from './objectCache.ts';
import { CHANGE, type RoomRequest, roomFor, usablePart } from './replacement.ts';

export interface FileCacheOptions {
  readonly cache: ObjectCache;
  readonly containers: Containers;
  readonly database: Database;
  readonly serverOf: (volume: number) => Promise<Remote<FileProtocol>>;
  readonly isDirty: (fid: Fid) => boolean;
  /** The last update of a file that the servers told of. */
  readonly lastOnServer: (vnode: FileVnode) => StoreId;
  /** What is counted against the capacity; modify logs count theirs in it. */
  readonly count: ContainerCount;
  /** Whether a container is needed no more when new contents of its file are stored. */
  readonly goesWithStore: (fid: Fid, container: number) => boolean;
  /** Bytes of contents that are kept. */
  readonly capacity: number;
  readonly events: Events;
  /** The path of an object, from `/coda`. */
  readonly pathOf: (fid: Fid) => string;
  /** Where contents may be on this machine already. */
  readonly lookaside: Lookaside;
}

/** Contents that are being read: as long as they are open, nothing throws them out. */
export class OpenContents {
  readonly #file: FileHandle;
  readonly #release: () => void;
  #isOpen = true;

  constructor(file: FileHandle, release: () => void) {
    this.#file = file;
    this.#release = release;
  }

  read(buffer: Uint8Array, length: number, position: number) {
    return this.#file.read(buffer, 0, length, position);
  }

  async close(): Promise<void> {
    if (this.#isOpen) this.#release();
    this.#isOpen = false;
    await this.#file.close();
  }
}

/** Whole files as a client keeps them: fetched when they are first read, thrown out when room is needed. */
export class FileCache {
  readonly #options: FileCacheOptions;
  /** Files with contents here. */
  readonly #used = new Map<string, FileVnode>();
  readonly #fetching = new Map<string, Promise<void>>();
  /** Bytes of the last file that found no room. */
  #refused: number | undefined;

  constructor(options: FileCacheOptions) {
    this.#options = options;
    for (const vnode of options.cache.vnodes.all()) this.#note(vnode);
  }

  /** The contents of a file, to be read and closed by the caller; none for an empty one. */
  async open(
    asker: Asker,
    fid: Fid,
  ): Promise<{ readonly length: number; readonly file: OpenContents | undefined }> {
    for (;;) {
      const vnode = await this.#options.cache.object(asker, fid);
      if (vnode.type !== 'file') return fail(vnode.type === 'directory' ? 'EISDIR' : 'EINVAL');
      if (vnode.length === 0) return { length: 0, file: undefined };
      if (vnode.container === undefined) await this.#fetchOnce(asker, vnode);
      else {
        const release = this.#options.cache.replacement.hold(fid);
        const file = await this.#options.containers.open(vnode.container);
        if (file) {
          return { length: vnode.length, file: new OpenContents(file, release) };
        }
        release();
        await this.#lose(vnode);
      }
    }
  }

  /**
   * Brings the contents of a file here, if they are not.
   * @returns bytes that came @throws as {@link FileCache.open}
   */
  async provide(asker: Asker, fid: Fid): Promise<number> {
    for (let fetched = 0; ;) {
      const vnode = await this.#options.cache.object(asker, fid);
      if (vnode.type !== 'file' || vnode.length === 0 || vnode.container !== undefined) return fetched;
      await this.#fetchOnce(asker, vnode);
      fetched = vnode.length;
    }
  }

  /** Throws the contents of a file out; what is known of it stays. Not those of an unsent or open one. */
  async empty(fid: Fid): Promise<void> {
    const known = this.#used.get(text(fid));
    if (known && !this.#options.cache.replacement.isPinned(fid)) await this.#lose(known);
  }

  /** Who comes while others fetch a file waits for them, and then looks again. */
  async #fetchOnce(asker: Asker, vnode: FileVnode): Promise<void> {
    const id = text(vnode.fid);
    const underWay = this.#fetching.get(id);
    if (underWay) {
      await underWay.catch(() => undefined);
      return;
    }
    const fetch = asker.hoard === undefined ? this.#tellOfFetch(asker, vnode) : this.#fetch(asker, vnode);
    this.#fetching.set(id, fetch);
    try {
      await fetch;
    } finally {
      this.#fetching.delete(id);
    }
  }

  /**
   * Makes room for what is to be in a container, and counts it.
   * @param replaced the file that it is for, whose present contents go then
   * @throws VenusError ENOSPC if what must not go for it takes it all
   */
  async #provideRoom(container: number, length: number, request: RoomRequest, replaced?: Fid): Promise<void> {
    const { capacity, count, cache } = this.#options;
    const allowed = usablePart(capacity, request) + this.#leaving(replaced);
    const fits = () => count.bytes - count.lengthOf(container) + length <= allowed;
    await cache.replacement.makeRoom(fits, request, replaced);
    if (!fits()) throw this.#fullError(length, request);
    count.hold(container, length, Holder.Filler);
    if (length >= (this.#refused ?? Infinity)) this.#refused = undefined;
  }

  #fullError(length: number, request: RoomRequest): VenusError {
    const { capacity } = this.#options;
    // What is hoarded less than what is here says nothing about the cache.
    if (request.priority < REQUEST_PRIORITY || !this.#isFullFor(length))
      return new VenusError(errno('ENOSPC'), {
        why: `Files that are hoarded fill the cache of ${capacity} bytes.`,
        next: 'See what is hoarded: hoard list. To give it more room: coda up --cache-size',
      });
    this.#refused = length;
    return new VenusError(errno('ENOSPC'), {
      why: `Files that are not on the servers yet fill the cache of ${capacity} bytes.`,
      next: 'See what holds them up: coda doctor',
    });
  }

  /** Bytes that are needed no more when new contents of a file are stored. */
  #leaving(replaced: Fid | undefined): number {
    const container = replaced && this.#used.get(text(replaced))?.container;
    if (replaced === undefined || container === undefined) return 0;
    const { count, goesWithStore } = this.#options;
    return goesWithStore(replaced, container) ? count.lengthOf(container) : 0;
  }

  /** Bytes that cannot be thrown out since a log needs them, or somebody who fills them. */
  get fixedBytes(): number {
    return this.#options.count.fixedBytes;
  }

  /** The room there is, in bytes. */
  room(): { readonly capacity: number; readonly used: number; readonly refused?: number } {
    const { capacity } = this.#options;
    // What found no room then may find it now.
    if (this.#refused !== undefined && !this.#isFullFor(this.#refused)) this.#refused = undefined;
    return {
      capacity,
      used: this.#options.count.bytes,
      ...(this.#refused === undefined ? {} : { refused: this.#refused }),
    };
  }

  #isFullFor(length: number): boolean {
    const { capacity, count, isDirty } = this.#options;
    let unsent = count.fixedBytes;
    for (const { fid, length: taken, container } of this.#used.values())
      if (container !== undefined && !count.isHeld(container, Holder.Log) && isDirty(fid)) unsent += taken;
    return unsent + length > capacity;
  }

  /**
   * Contents that somebody stores here, in a container that is on the disk.
   * @param room bytes that the volume has room for, as far as that is known
   * @param replaced the file whose contents they become, if it has some
   * @throws VenusError ENOSPC, EDQUOT
   */
  async receive(contents: AsyncIterable<Uint8Array>, room: number, replaced?: Fid): Promise<Contents> {
    const container = await this.#options.containers.create();
    try {
      for await (const chunk of contents) {
        if (container.length + chunk.length > room) fail('EDQUOT');
        await this.#provideRoom(container.id, container.length + chunk.length, CHANGE, replaced);
        await container.append(chunk);
      }
      const { length } = container;
      if (length > 0) await container.finish();
      else await this.#abandon(container);
      return { length, container: length > 0 ? container.id : undefined };
    } catch (error) {
      await this.#abandon(container);
      throw error;
    }
  }

  async #abandon(container: NewContainer): Promise<void> {
    this.#options.count.release(container.id, Holder.Filler);
    await container.abandon();
  }

  /** Contents that nothing came of. */
  async discard({ container }: Contents): Promise<void> {
    if (container === undefined) return;
    const { count, containers } = this.#options;
    count.release(container, Holder.Filler);
    if (!count.isHeld(container, Holder.Log)) await containers.remove(container);
  }

  /** Contents that no file has any more. */
  noteGone(container: number): void {
    this.#options.count.release(container, Holder.File);
  }

  /** Keeps count of a file whose contents have come here, or have gone. */
  noteChange(fid: Fid): void {
    this.#forget(fid);
    const vnode = this.#options.cache.vnodes.find(fid);
    if (vnode) this.#note(vnode);
  }

  /** Throws out what was fetched of a file, as it may be damaged; what is not on the servers yet stays. */
  async distrust(fid: Fid): Promise<void> {
    const known = this.#used.get(text(fid));
    if (known && !this.#options.isDirty(fid)) await this.#lose(known);
  }

  #note(vnode: Vnode): void {
    if (vnode.type !== 'file' || vnode.container === undefined) return;
    this.#forget(vnode.fid);
    this.#used.set(text(vnode.fid), vnode);
    this.#options.count.hold(vnode.container, vnode.length, Holder.File);
  }

  #forget(fid: Fid): void {
    const known = this.#used.get(text(fid));
    if (!known) return;
    this.#used.delete(text(fid));
    if (known.container !== undefined) this.noteGone(known.container);
  }

  async #tellOfFetch(asker: Asker, vnode: FileVnode): Promise<void> {
    const { events } = this.#options;
    const path = this.#options.pathOf(vnode.fid);
    events.report({ kind: 'fetchBegins', path, length: vnode.length });
    try {
      await this.#fetch(asker, vnode, path);
      events.report({ kind: 'fetchEnds', path });
    } catch (error) {
      events.report({ kind: 'fetchEnds', path, failure: messageOf(error) });
      throw error;
    }
  }

  async #fetch(asker: Asker, { fid }: FileVnode, path?: string): Promise<void> {
    const server = await this.#options.serverOf(fid.volume);
    const { credentials } = asker;
    const fetch = await server.call('openFetch', { credentials, fid });
    const { cache, count, database, containers } = this.#options;
    const container = await containers.create();
    const progress = whenPercentChanges((received, whole) => {
      // Of what a hoard walk fetches, the walk tells.
      if (path === undefined) return;
      this.#options.events.report({ kind: 'fetchProgress', path, received, length: whole });
    });
    try {
      await this.#provideRoom(container.id, fetch.length, roomFor(asker.hoard));
      const digest = async () => (await server.call('digestFetch', { handle: fetch.handle })).sha256;
      const isHere = await this.#options.lookaside.copy(fetch.length, digest, container);
      if (!isHere) await receive(server, fetch, container, progress);
      await container.finish();
    } catch (error) {
      await this.#abandon(container);
      throw error;
    } finally {
      await server.call('closeFetch', { handle: fetch.handle }).catch(() => undefined);
    }
    const isWanted = await database.transaction((writer) => {
      const vnode = cache.vnodes.find(fid);
      if (vnode?.type !== 'file' || vnode.container !== undefined) return false;
      if (!sameStoreId(this.#options.lastOnServer(vnode), fetch.storeId)) return false;
      cache.vnodes.put(writer, { ...vnode, container: container.id });
      return true;
    });
    if (isWanted) this.noteChange(fid);
    else {
      // It was changed meanwhile: what is known of it is old.
      cache.validity.break([fid]);
      count.release(container.id, Holder.Filler);
      await containers.remove(container.id);
      if (this.#options.isDirty(fid))
        fail('EINCOMPATIBLE', 'It was changed on the server and here; its contents were not kept here.');
    }
  }

  /** Throws the contents out; what is known of the file stays. */
  async #lose(known: FileVnode): Promise<void> {
    const { cache, database, containers } = this.#options;
    this.#forget(known.fid);
    await database.transaction((writer) => {
      const vnode = cache.vnodes.find(known.fid);
      if (vnode?.type !== 'file' || vnode.container !== known.container) return;
      cache.vnodes.put(writer, withoutContainer(vnode));
    });
    if (known.container !== undefined) await containers.remove(known.container);
  }
}

async function receive(
  server: Remote<FileProtocol>,
  { handle, length }: FileProtocol['openFetch']['reply'],
  container: NewContainer,
  progress: (received: number, length: number) => void,
): Promise<void> {
  for (let offset = 0; offset < length;) {
    const wanted = Math.min(FRAGMENT, length - offset);
    const bytes = await server.call('fetchFragment', { handle, offset, length: wanted });
    if (bytes.length === 0) fail('EIO', 'The contents of the file are shorter than its length.');
    await container.append(bytes);
    offset += bytes.length;
    progress(offset, length);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function text({ volume, vnode, unique }: Fid): string {
  return `${volume}.${vnode}.${unique}`;
}
