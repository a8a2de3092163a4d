import { randomInt } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Fid } from '../../ipc/fid.ts';
import type { NewContainer } from '../store/containers.ts';
import { fail } from '../fail.ts';
import { logFault } from '../log.ts';

/** A file being read: one version of it, whatever is stored meanwhile. */
export interface Fetch {
  readonly kind: 'fetch';
  /** None for an empty file. */
  readonly file: FileHandle | undefined;
}

/** Contents being received. */
export interface Store {
  readonly kind: 'store';
  /** The file that they are for, which may not have been made yet. */
  readonly fid: Fid;
  readonly container: NewContainer;
}

type Transfer = Fetch | Store;

const MAX_TRANSFERS = 256;
/** Milliseconds after which a transfer that nobody goes on with is given up. */
const IDLE = 5 * 60_000;

/** Contents on their way to or from a file server, in fragments. */
export class Transfers {
  readonly #transfers = new Map<number, { readonly transfer: Transfer; lastUsed: number }>();
  readonly #sweeper: NodeJS.Timeout;

  constructor() {
    const sweep = () => this.#sweep().catch((error: unknown) => logFault('transfers', error));
    this.#sweeper = setInterval(() => void sweep(), IDLE / 2).unref();
  }

  /** Takes over the files of a transfer. @throws VenusError EMFILE where too many are under way */
  async begin(transfer: Transfer): Promise<number> {
    if (this.#transfers.size >= MAX_TRANSFERS) {
      await release(transfer);
      fail('EMFILE');
    }
    const handle = randomInt(2 ** 47);
    this.putBack(handle, transfer);
    return handle;
  }

  /** Takes a transfer back that had ended, under its old name. */
  putBack(handle: number, transfer: Transfer): void {
    this.#transfers.set(handle, { transfer, lastUsed: Date.now() });
  }

  fetch(handle: number): Fetch {
    const transfer = this.#use(handle);
    return transfer.kind === 'fetch' ? transfer : fail('EBADF');
  }

  store(handle: number): Store {
    const transfer = this.#use(handle);
    return transfer.kind === 'store' ? transfer : fail('EBADF');
  }

  /** Forgets a transfer; its files are the caller's from then on. */
  end(handle: number): void {
    this.#transfers.delete(handle);
  }

  /** Gives up all that is under way. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    for (const { transfer } of this.#transfers.values()) await release(transfer);
    this.#transfers.clear();
  }

  /** @throws VenusError ESTALE for a transfer that was given up, or was never there */
  #use(handle: number): Transfer {
    const found =
      this.#transfers.get(handle) ?? fail('ESTALE', 'The transfer was given up after a long silence.');
    found.lastUsed = Date.now();
    return found.transfer;
  }

  async #sweep(): Promise<void> {
    for (const [handle, { transfer, lastUsed }] of this.#transfers) {
      if (Date.now() - lastUsed < IDLE) continue;
      this.#transfers.delete(handle);
      await release(transfer);
    }
  }
}

async function release(transfer: Transfer): Promise<void> {
  if (transfer.kind === 'store') await transfer.container.abandon();
  else await transfer.file?.close();
}
