import { isErrno } from '../../ipc/errors.ts';
import type { Fid } from '../../ipc/fid.ts';
import type { Containers } from '../store/containers.ts';
import type { Contents } from '../tree/apply.ts';
import type { Vnodes } from '../tree/vnodes.ts';
import { fail } from '../fail.ts';
import { logFault } from '../log.ts';
import type { Store, Transfers } from './transfers.ts';

export interface StoresOptions {
  readonly vnodes: Vnodes;
  readonly containers: Containers;
  readonly transfers: Transfers;
}

/** Contents that have come as a whole and are on the disk, for a record that nobody has performed yet. */
export interface Received {
  readonly contents: Contents;
  /** Keeps them for another try of the record. */
  putBack(): void;
  /** The record has been performed: nothing is left of what no object names. */
  finish(): Promise<void>;
}

/** Contents on their way from clients. No file has them before a record of a modify log that names them is performed. */
export class Stores {
  readonly #options: StoresOptions;

  constructor(options: StoresOptions) {
    this.#options = options;
  }

  /** @throws VenusError EMFILE, ENOSPC */
  async open(fid: Fid): Promise<number> {
    const { containers, transfers } = this.#options;
    return transfers.begin({ kind: 'store', fid, container: await containers.create() });
  }

  /** Contents that the quota has no room for are refused before they have filled the disk. @throws VenusError EDQUOT */
  async append(handle: number, bytes: Uint8Array): Promise<void> {
    const { vnodes, transfers } = this.#options;
    const { fid, container } = transfers.store(handle);
    vnodes.checkRoom(fid.volume, vnodes.find(fid), container.length + bytes.length);
    await this.appendForPeer(handle, bytes);
  }

  /** What another server has, this one must have, too. @throws VenusError EBADF, ENOSPC */
  async appendForPeer(handle: number, bytes: Uint8Array): Promise<void> {
    const { container } = this.#options.transfers.store(handle);
    if (container.isFinished) fail('EBADF', 'All of it was said to have come.');
    await container.append(bytes);
  }

  /** All of it has come: no file stays open for it, so that the contents of a whole log can wait. */
  finish(handle: number): Promise<void> {
    return this.#options.transfers.finish(handle);
  }

  async abandon(handle: number): Promise<void> {
    const { container } = this.#take(handle);
    await container.abandon();
  }

  /** As {@link Stores.abandon}, whether they are still here or not. */
  async abandonIfThere(handle: number): Promise<void> {
    await this.abandon(handle).catch((error: unknown) => {
      if (!isErrno(error, 'ESTALE')) throw error;
    });
  }

  /** Takes contents for a record. Nobody else can take them meanwhile. @throws VenusError ESTALE where they are gone */
  async receive(handle: number): Promise<Received> {
    const store = this.#take(handle);
    const { container } = store;
    const { length, id } = container;
    try {
      await container.finish();
    } catch (error) {
      await container.abandon();
      throw error;
    }
    return {
      contents: { length, container: length > 0 ? id : undefined },
      putBack: () => this.#options.transfers.putBack(handle, store),
      finish: () => (length > 0 ? Promise.resolve() : this.discard(id)),
    };
  }

  /** Removes a container that no object names. One that stays nevertheless is removed at the next start. */
  async discard(container: number): Promise<void> {
    await this.#options.containers.remove(container).catch((error: unknown) => logFault('container', error));
  }

  #take(handle: number): Store {
    const store = this.#options.transfers.store(handle);
    this.#options.transfers.end(handle);
    return store;
  }
}
