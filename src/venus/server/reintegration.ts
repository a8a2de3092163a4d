import { isErrno } from '../../ipc/errors.ts';
import type { FileProtocol, ReintegrationAnswer } from '../net/fileProtocol.ts';
import { type SentMutation, directoriesOf } from '../net/mutation.ts';
import { fail } from '../fail.ts';
import { type Vnodes } from '../tree/vnodes.ts';
import { isReplicated } from '../tree/volumeRecord.ts';
import type { Callbacks } from './callbacks.ts';
import type { Identities } from './identities.ts';
import { certifyLog } from './operations/certifyLog.ts';
import { type ReceivedMutation, RefusedMutation, reintegrate } from './operations/reintegrate.ts';
import type { Performed } from './performed.ts';
import type { ResolutionLog } from './resolution/resolutionLog.ts';
import type { VolumeLocks } from './resolution/volumeLocks.ts';
import type { Received, Stores } from './stores.ts';

export interface ReintegrationOptions {
  readonly vnodes: Vnodes;
  readonly stores: Stores;
  readonly callbacks: Callbacks;
  readonly identities: Identities;
  readonly performed: Performed;
  readonly log: ResolutionLog;
  readonly locks: VolumeLocks;
}

type Request = FileProtocol['reintegrate']['request'];

/** Takes parts of clients' modify logs, with the contents that were sent for them before. */
export class Reintegration {
  readonly #options: ReintegrationOptions;

  constructor(options: ReintegrationOptions) {
    this.#options = options;
  }

  /** @throws VenusError EXDEV; ESTALE, EBADF where contents that are needed are not here; nothing was done then */
  async perform(request: Request): Promise<ReintegrationAnswer> {
    checkVolume(request.volume, request.records);
    const received: Received[] = [];
    try {
      const records: ReceivedMutation[] = [];
      for (const record of request.records) {
        const contents = await this.#receive(request.volume, record);
        if (contents) received.push(contents);
        records.push({ ...record, contents: contents?.contents });
      }
      return await this.#options.locks.update(request.volume, () =>
        this.#reintegrate(request, records, received),
      );
    } catch (error) {
      // What failed may be on the disk nevertheless: the next start will see whether its contents are needed.
      if (!isErrno(error, 'EIO')) for (const contents of received) contents.putBack();
      if (!(error instanceof RefusedMutation)) throw error;
      return { kind: 'refused', index: error.index, errno: error.cause.errno, why: error.cause.why };
    }
  }

  /** A log that was sent and is to be dropped may still be on its way: from now on it comes too late. */
  fence({ volume, storeId }: FileProtocol['fence']['request']): Promise<{ readonly wasPerformed: boolean }> {
    const { vnodes, performed } = this.#options;
    return vnodes.database.transaction((writer) => {
      const wasPerformed = performed.has(volume, storeId);
      if (!wasPerformed) performed.note(writer, volume, storeId);
      return { wasPerformed };
    });
  }

  /** What would be refused of a log. Changes nothing. */
  certify({ credentials, volume, records }: FileProtocol['certifyLog']['request']) {
    checkVolume(volume, records);
    const { vnodes, identities, performed } = this.#options;
    return certifyLog(vnodes, identities.of(credentials), records, ({ storeId }) =>
      performed.has(volume, storeId),
    );
  }

  async #reintegrate(
    { credentials, client, volume, known }: Request,
    records: readonly ReceivedMutation[],
    received: readonly Received[],
  ): Promise<ReintegrationAnswer> {
    const { vnodes, stores, callbacks, identities, performed } = this.#options;
    const identity = identities.of(credentials);
    const log = isReplicated(vnodes.volume(volume)) ? this.#options.log : undefined;
    const { versions, unused, stale } = await vnodes.database.transaction((writer) =>
      reintegrate(vnodes, performed, writer, { log, volume, identity, records, known }),
    );
    for (const contents of received) await contents.finish();
    for (const container of unused) await stores.discard(container);
    const touched = versions.map(({ fid }) => fid);
    for (const fid of touched) callbacks.promise(client, fid);
    await callbacks.break(touched, client);
    return { kind: 'done', versions, stale };
  }

  /** Of a record that was performed before, its contents are not needed, and may be gone. */
  async #receive(volume: number, { handle, storeId }: SentMutation): Promise<Received | undefined> {
    const { stores } = this.#options;
    if (handle === undefined) return undefined;
    if (!this.#options.performed.has(volume, storeId)) return stores.receive(handle);
    await stores.abandonIfThere(handle);
    return undefined;
  }
}

/** Quotas and what was performed before are a volume's own, so that a log has no business in another one. */
function checkVolume(volume: number, records: readonly SentMutation[]): void {
  for (const { mutation } of records)
    for (const fid of [...directoriesOf(mutation), mutation.fid])
      if (fid.volume !== volume) fail('EXDEV', 'A record of the log is about another volume.');
}
