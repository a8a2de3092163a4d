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
import { type Contents, sameStoreId } from '../../tree/apply.ts';
import { type FileVnode, type Vnode, withoutContainer } from '../../tree/vnodes.ts';
import { type Events, whenPercentChanges } from '../events.ts';
import type { Asker, ObjectCache } from './objectCache.ts';

export interface FileCacheOptions {
  readonly cache: ObjectCache;
  readonly containers: Containers;
  readonly database: Database;
  readonly serverOf: (volume: number) => Promise<Remote<FileProtocol>>;
  readonly isDirty: (fid: Fid) => boolean;
  /** The last update of a file that the servers told of. */
  readonly lastOnServer: (vnode: FileVnode) => StoreId;
  /** Whether a modify log names a container. */
  readonly isInUse: (container: number) => boolean;
  /** Bytes of contents that are kept. */
  readonly capacity: number;
  readonly events: Events;
  /** The path of an object, from `/coda`. */
  readonly pathOf: (fid: Fid) => string;
}

/** Whole files as a client keeps them: fetched when they are first read, thrown out when room is needed. */
export class FileCache {
  readonly #options: FileCacheOptions;
  /** Files with contents here, the one that was used longest ago first; and what they take. */
  readonly #used = new Map<string, FileVnode>();
  #bytes = 0;
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
  ): Promise<{ readonly length: number; readonly file: FileHandle | undefined }> {
    for (;;) {
      const vnode = await this.#options.cache.object(asker, fid);
      if (vnode.type !== 'file') return fail(vnode.type === 'directory' ? 'EISDIR' : 'EINVAL');
      if (vnode.length === 0) return { length: 0, file: undefined };
      if (vnode.container === undefined) await this.#tellOfFetch(asker, vnode);
      else {
        const file = await this.#options.containers.open(vnode.container);
        if (file) {
          this.#note(vnode);
          return { length: vnode.length, file };
        }
        await this.#lose(vnode);
      }
    }
  }

  /** Makes room for contents to come. @throws VenusError ENOSPC if unsent files take it all */
  async provideRoom(length: number): Promise<void> {
    const { capacity, isDirty } = this.#options;
    for (const vnode of [...this.#used.values()]) {
      if (this.#bytes + length <= capacity) break;
      if (!isDirty(vnode.fid)) await this.#lose(vnode);
    }
    if (this.#bytes + length > capacity) {
      this.#refused = length;
      throw new VenusError(errno('ENOSPC'), {
        why: `Files that are not on the servers yet fill the cache of ${capacity} bytes.`,
        next: 'See what holds them up: coda doctor',
      });
    }
    if (length >= (this.#refused ?? Infinity)) this.#refused = undefined;
  }

  /** The room there is, in bytes. */
  room(): { readonly capacity: number; readonly used: number; readonly refused?: number } {
    const { capacity } = this.#options;
    // What found no room then may find it now.
    if (this.#refused !== undefined && !this.#isFullFor(this.#refused)) this.#refused = undefined;
    return {
      capacity,
      used: this.#bytes,
      ...(this.#refused === undefined ? {} : { refused: this.#refused }),
    };
  }

  #isFullFor(length: number): boolean {
    const { capacity, isDirty } = this.#options;
    let unsent = 0;
    for (const { fid, length: taken } of this.#used.values()) if (isDirty(fid)) unsent += taken;
    return unsent + length > capacity;
  }

  /**
   * Contents that somebody stores here, in a container that is on the disk.
   * @param room bytes that the volume has room for, as far as that is known
   * @throws VenusError ENOSPC, EDQUOT
   */
  async receive(contents: AsyncIterable<Uint8Array>, room: number): Promise<Contents> {
    const container = await this.#options.containers.create();
    try {
      for await (const chunk of contents) {
        if (container.length + chunk.length > room) fail('EDQUOT');
        await this.provideRoom(container.length + chunk.length);
        await container.append(chunk);
      }
      const { length } = container;
      if (length > 0) await container.finish();
      else await container.abandon();
      return { length, container: length > 0 ? container.id : undefined };
    } catch (error) {
      await container.abandon();
      throw error;
    }
  }

  /** Contents that nothing came of. */
  async discard({ container }: Contents): Promise<void> {
    if (container !== undefined && !this.#options.isInUse(container))
      await this.#options.containers.remove(container);
  }

  /** Keeps count of a file whose contents have come here, or have gone. */
  noteChange(fid: Fid): void {
    this.#forget(fid);
    const vnode = this.#options.cache.vnodes.find(fid);
    if (vnode) this.#note(vnode);
  }

  #note(vnode: Vnode): void {
    if (vnode.type !== 'file' || vnode.container === undefined) return;
    this.#forget(vnode.fid);
    this.#used.set(text(vnode.fid), vnode);
    this.#bytes += vnode.length;
  }

  #forget(fid: Fid): void {
    const known = this.#used.get(text(fid));
    if (!known) return;
    this.#used.delete(text(fid));
    this.#bytes -= known.length;
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

  async #fetch(asker: Asker, { fid, length }: FileVnode, path: string): Promise<void> {
    await this.provideRoom(length);
    const server = await this.#options.serverOf(fid.volume);
    const { credentials } = asker;
    const fetch = await server.call('openFetch', { credentials, fid });
    const container = await this.#options.containers.create();
    const progress = whenPercentChanges((received, whole) =>
      this.#options.events.report({ kind: 'fetchProgress', path, received, length: whole }),
    );
    try {
      await receive(server, fetch, container, progress);
      await container.finish();
    } catch (error) {
      await container.abandon();
      throw error;
    } finally {
      await server.call('closeFetch', { handle: fetch.handle }).catch(() => undefined);
    }
    const { cache, database, containers } = this.#options;
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
