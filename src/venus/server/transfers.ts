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

/** Files open at a time. */
const MAX_OPEN = 256;
/** Contents that have come as a whole, and wait for a record. */
const MAX_WAITING = 65_536;
/** Milliseconds after which a transfer that nobody goes on with is given up. */
const IDLE = 5 * 60_000;
/** As {@link IDLE}, for contents that wait until those of a whole log have come. */
const WAITING = 60 * 60_000;

/** Contents on their way to or from a file server, in fragments. */
export class Transfers {
  readonly #transfers = new Map<number, { readonly transfer: Transfer; lastUsed: number }>();
  /** Those of which no file is open any more. */
  readonly #waiting = new Set<number>();
  readonly #sweeper: NodeJS.Timeout;

  constructor() {
    const sweep = () => this.#sweep().catch((error: unknown) => logFault('transfers', error));
    this.#sweeper = setInterval(() => void sweep(), IDLE / 2).unref();
  }

  /** Takes over the files of a transfer. @throws VenusError EMFILE where too many are under way */
  async begin(transfer: Transfer): Promise<number> {
    if (this.#transfers.size - this.#waiting.size >= MAX_OPEN || this.#waiting.size >= MAX_WAITING) {
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
    if (transfer.kind === 'store' && transfer.container.isFinished) this.#waiting.add(handle);
  }

  /** What is received has come as a whole: it waits on the disk, without an open file. */
  async finish(handle: number): Promise<void> {
    await this.store(handle).container.finish();
    if (this.#transfers.has(handle)) this.#waiting.add(handle);
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
    this.#waiting.delete(handle);
  }

  /** Gives up all that is under way. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    for (const { transfer } of this.#transfers.values()) await release(transfer);
    this.#transfers.clear();
    this.#waiting.clear();
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
      if (Date.now() - lastUsed < (this.#waiting.has(handle) ? WAITING : IDLE)) continue;
      this.end(handle);
      await release(transfer);
    }
  }
}

async function release(transfer: Transfer): Promise<void> {
  if (transfer.kind === 'store') await transfer.container.abandon();
  else await transfer.file?.close();
}
