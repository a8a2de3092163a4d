import type { DumpProtocol } from '../../net/dumpProtocol.ts';
import type { Service } from '../../net/link.ts';
import type { Containers } from '../../store/containers.ts';
import type { Vnodes } from '../../tree/vnodes.ts';
import type { Callbacks } from '../callbacks.ts';
import type { ProtectionDatabase } from '../protection/protectionDatabase.ts';
import { Dumps } from './dumps.ts';
import { Restores, refusing } from './restores.ts';
import { VolumeTables } from './volumeTables.ts';

export interface BackupsOptions {
  readonly vnodes: Vnodes;
  readonly containers: Containers;
  readonly protection: ProtectionDatabase;
  readonly callbacks: Callbacks;
  readonly now: () => number;
}

type Request<Name extends keyof DumpProtocol> = DumpProtocol[Name]['request'];

/** A file server's volumes on their way out to dumps, and back. */
export class Backups implements Service<DumpProtocol> {
  readonly #dumps: Dumps;
  readonly #restores: Restores;

  constructor(options: BackupsOptions) {
    const tables = new VolumeTables(options.vnodes.database);
    this.#dumps = new Dumps({ ...options, tables });
    this.#restores = new Restores({ ...options, tables });
  }

  async close(): Promise<void> {
    await this.#dumps.closeAll();
    await this.#restores.closeAll();
  }

  readonly openDump = async (request: Request<'openDump'>) => Promise.resolve(this.#dumps.open(request));

  readonly sendDumpBase = async (request: Request<'sendDumpBase'>) => {
    await refusing(Promise.resolve().then(() => this.#dumps.sendBase(request)));
    return null;
  };

  readonly readDump = async (request: Request<'readDump'>) => this.#dumps.read(request);

  readonly closeDump = async ({ handle }: Request<'closeDump'>) => {
    await this.#dumps.close(handle);
    return null;
  };

  readonly openRestore = async (request: Request<'openRestore'>) =>
    Promise.resolve(this.#restores.open(request));

  readonly writeRestore = async (request: Request<'writeRestore'>) => {
    await this.#restores.write(request);
    return null;
  };

  readonly finishRestore = async (request: Request<'finishRestore'>) => this.#restores.finish(request);

  readonly abandonRestore = async ({ handle }: Request<'abandonRestore'>) => {
    await this.#restores.abandon(handle);
    return null;
  };

  readonly settleRestore = async ({ volume }: Request<'settleRestore'>) => {
    await this.#restores.settle(volume);
    return null;
  };
}
