import { randomInt } from 'node:crypto';
import type { DumpedPrincipal } from '../../../dump/record.ts';
import { concatBytes } from '../../../ipc/text.ts';
import type { DumpProtocol } from '../../net/dumpProtocol.ts';
import type { Containers } from '../../store/containers.ts';
import { fail } from '../../fail.ts';
import { logFault } from '../../log.ts';
import type { ProtectionDatabase } from '../protection/protectionDatabase.ts';
import { BaseIndex } from './baseIndex.ts';
import { dumpVolume } from './volumeDump.ts';
import type { VolumeTables } from './volumeTables.ts';

export interface DumpsOptions {
  readonly tables: VolumeTables;
  readonly containers: Containers;
  readonly protection: ProtectionDatabase;
  readonly now: () => number;
}

type Request<Name extends keyof DumpProtocol> = DumpProtocol[Name]['request'];

interface OpenDump {
  readonly base: BaseIndex | undefined;
  readonly stream: AsyncGenerator<Uint8Array>;
  readonly release: () => Promise<void>;
  lastUsed: number;
}

/** Dumps at a time: each keeps what is replaced meanwhile. */
const MAX_OPEN = 8;
/** Bytes of an answer, and milliseconds after which it is given with what there is. */
const [ENOUGH, LONG_ENOUGH] = [1024 * 1024, 500];
/** Milliseconds after which a dump that nobody goes on with is given up. */
export const IDLE = 65 * 60_000;

/** Dumps that are being made. */
export class Dumps {
  readonly #options: DumpsOptions;
  readonly #open = new Map<number, OpenDump>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: DumpsOptions) {
    this.#options = options;
    const sweep = () => this.#sweep().catch((error: unknown) => logFault('dumps', error));
    this.#sweeper = setInterval(() => void sweep(), IDLE / 8).unref();
  }

  /** The dump is of this moment. @throws VenusError ENXIO, EMFILE */
  open({ volume: id, realm, server, hasBase }: Request<'openDump'>): { readonly handle: number } {
    const { tables, containers, now } = this.#options;
    if (this.#open.size >= MAX_OPEN) fail('EMFILE', 'Too many volumes are being dumped.');
    // What the snapshot names is pinned before it is taken.
    const unpin = containers.pin();
    const snapshot = tables.database.snapshot();
    const release = () => {
      snapshot.close();
      return unpin();
    };
    const volume = tables.volume(id, snapshot);
    if (!volume) {
      release().catch((error: unknown) => logFault('dumps', error));
      return fail('ENXIO');
    }
    const base = hasBase ? new BaseIndex() : undefined;
    const principal = (viceId: number) => this.#principal(viceId);
    const about = { volume, base, realm, server, now: now(), principal };
    const stream = dumpVolume({ tables, containers, snapshot, ...about });
    const handle = randomInt(2 ** 47);
    this.#open.set(handle, { base, stream, release, lastUsed: Date.now() });
    return { handle };
  }

  /** @throws DumpDamagedError */
  sendBase({ handle, bytes }: Request<'sendDumpBase'>): void {
    (this.#use(handle).base ?? fail('EINVAL')).push(bytes);
  }

  /** The next bytes; none yet where it takes long. @throws RefusedError, VenusError EIO */
  async read({ handle }: Request<'readDump'>): Promise<DumpProtocol['readDump']['reply']> {
    const { stream } = this.#use(handle);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (const end = Date.now() + LONG_ENOUGH; size < ENOUGH && Date.now() < end;) {
      const next = await stream.next();
      if (next.done) return { bytes: concatBytes(pieces), isEnd: true };
      pieces.push(next.value);
      size += next.value.length;
    }
    return { bytes: concatBytes(pieces), isEnd: false };
  }

  async close(handle: number): Promise<void> {
    const dump = this.#open.get(handle);
    this.#open.delete(handle);
    await dump?.stream.return(undefined);
    await dump?.release();
  }

  async closeAll(): Promise<void> {
    clearInterval(this.#sweeper);
    for (const handle of [...this.#open.keys()]) await this.close(handle);
  }

  #use(handle: number): OpenDump {
    const dump = this.#open.get(handle) ?? fail('ESTALE', 'The dump was given up after a long silence.');
    dump.lastUsed = Date.now();
    return dump;
  }

  async #sweep(): Promise<void> {
    for (const [handle, { lastUsed }] of this.#open)
      if (Date.now() - lastUsed >= IDLE) await this.close(handle);
  }

  #principal(id: number): DumpedPrincipal | undefined {
    const found = this.#options.protection.byId(id);
    return found && { id, type: found.kind, name: found.name };
  }
}
