import { randomInt } from 'node:crypto';
import { DumpDamagedError } from '../../../dump/errors.ts';
import { RefusedError } from '../../../ipc/errors.ts';
import type { DumpProtocol, RestoreReport } from '../../net/dumpProtocol.ts';
import type { Containers } from '../../store/containers.ts';
import { key } from '../../store/keys.ts';
import type { Vnodes } from '../../tree/vnodes.ts';
import { fail } from '../../fail.ts';
import { logFault } from '../../log.ts';
import type { Callbacks } from '../callbacks.ts';
import type { ProtectionDatabase } from '../protection/protectionDatabase.ts';
import { IDLE } from './dumps.ts';
import { NewVolume, unsettledVolumes } from './newVolume.ts';
import { VolumeIncrement } from './volumeIncrement.ts';
import { VolumeRestore } from './volumeRestore.ts';
import type { VolumeTables } from './volumeTables.ts';

export interface RestoresOptions {
  readonly vnodes: Vnodes;
  readonly tables: VolumeTables;
  readonly containers: Containers;
  readonly protection: ProtectionDatabase;
  readonly callbacks: Callbacks;
  readonly now: () => number;
}

type Request<Name extends keyof DumpProtocol> = DumpProtocol[Name]['request'];

interface OpenRestore {
  readonly volume: number;
  readonly restore: VolumeRestore;
  lastUsed: number;
}

/** Restores at a time. */
const MAX_OPEN = 8;

/** Restores that are under way. */
export class Restores {
  readonly #options: RestoresOptions;
  readonly #open = new Map<number, OpenRestore>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: RestoresOptions) {
    this.#options = options;
    const sweep = () => this.#sweep().catch((error: unknown) => logFault('restores', error));
    this.#sweeper = setInterval(() => void sweep(), IDLE / 8).unref();
  }

  /** @throws VenusError EMFILE; ENXIO where the volume of an increment is not here */
  open(request: Request<'openRestore'>): { readonly handle: number } {
    const { vnodes, tables, containers, protection, now } = this.#options;
    const { volume, kind, name } = request;
    if (this.#open.size >= MAX_OPEN) fail('EMFILE', 'Too many volumes are being restored.');
    const common = { vnodes, tables, containers, volume, now };
    if (kind === 'increment') vnodes.volume(volume);
    const target =
      request.kind === 'full'
        ? new NewVolume({ ...common, replica: request.replica, members: request.members, name })
        : new VolumeIncrement(common);
    const isPartial = request.kind === 'full' && request.isPartial;
    const restore = new VolumeRestore({ target, containers, protection, volume, kind, isPartial });
    const handle = randomInt(2 ** 47);
    this.#open.set(handle, { volume, restore, lastUsed: Date.now() });
    return { handle };
  }

  /** @throws RefusedError dump-damaged, wrong-base, bad-request; VenusError ENOSPC, ESTALE */
  async write({ handle, bytes }: Request<'writeRestore'>): Promise<void> {
    await refusing(this.#use(handle).restore.write(bytes));
  }

  /** As {@link Restores.write}. */
  async finish({ handle }: Request<'finishRestore'>): Promise<RestoreReport> {
    const report = await refusing(this.#use(handle).restore.finish());
    if (report.kind === 'increment') {
      this.#open.delete(handle);
      await this.#options.callbacks.breakAll();
    }
    return report;
  }

  async abandon(handle: number): Promise<void> {
    const found = this.#open.get(handle);
    this.#open.delete(handle);
    await found?.restore.abandon();
  }

  /** @throws VenusError ENXIO */
  async settle(volume: number): Promise<void> {
    const { vnodes } = this.#options;
    vnodes.volume(volume);
    for (const [handle, found] of this.#open) if (found.volume === volume) this.#open.delete(handle);
    await vnodes.database.transaction((writer) =>
      writer.remove(unsettledVolumes(vnodes.database), key(volume)),
    );
  }

  async closeAll(): Promise<void> {
    clearInterval(this.#sweeper);
    for (const handle of [...this.#open.keys()]) await this.abandon(handle);
  }

  #use(handle: number): OpenRestore {
    const found = this.#open.get(handle) ?? fail('ESTALE', 'The restore was given up after a long silence.');
    found.lastUsed = Date.now();
    return found;
  }

  async #sweep(): Promise<void> {
    for (const [handle, { lastUsed }] of this.#open)
      if (Date.now() - lastUsed >= IDLE) await this.abandon(handle);
  }
}

/** To whoever asked a damaged dump is a refusal, not a fault of the server. */
export async function refusing<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DumpDamagedError)) throw error;
    const { message, why, next } = error;
    throw new RefusedError('dump-damaged', message, {
      ...(why === undefined ? {} : { why }),
      ...(next === undefined ? {} : { next }),
    });
  }
}
