import type { Fid } from '../../ipc/fid.ts';
import type { StoreId } from '../../ipc/versionVector.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Writer } from '../store/database.ts';
import { countUp } from '../tree/version.ts';
import { type Vnodes } from '../tree/vnodes.ts';
import { type VolumeRecord, isReplicated } from '../tree/volumeRecord.ts';
import { touchedBy } from './resolution/effects.ts';
import type { ResolutionLog } from './resolution/resolutionLog.ts';

/**
 * The second phase of updates: the servers that have performed them are counted in the versions of what they changed. What all
 * servers have leaves the log. One that does not come is made up for by the next resolution.
 */
export async function concludeUpdates(
  vnodes: Vnodes,
  log: ResolutionLog,
  { volume, storeIds, sites }: FileProtocol['concludeUpdates']['request'],
): Promise<void> {
  const record = vnodes.volume(volume);
  if (!isReplicated(record)) return;
  await vnodes.database.transaction((writer) => {
    for (const storeId of storeIds) conclude({ vnodes, log, writer, record }, storeId, sites);
  });
}

interface Concluded {
  readonly vnodes: Vnodes;
  readonly log: ResolutionLog;
  readonly writer: Writer;
  readonly record: VolumeRecord;
}

/**
 * Counts the servers that have performed an update, once: a client that has not heard an answer sends it again, and
 * a resolution may have come before.
 */
export function conclude(
  { vnodes, log, writer, record }: Concluded,
  storeId: StoreId,
  sites: readonly number[],
): void {
  const update = log.find(record.id, storeId);
  if (!update) return;
  const others = sites.filter((site) => site !== record.site);
  if (!log.isCounted(record.id, storeId)) {
    for (const fid of touchedBy(update)) count(fid);
    log.noteCounted(writer, record.id, storeId);
  }
  if (record.members.every((_, site) => sites.includes(site))) log.conclude(writer, record.id, storeId);

  function count(fid: Fid): void {
    const vnode = vnodes.find(fid);
    if (!vnode) return;
    vnodes.putUnchecked(writer, { ...vnode, versionVector: countUp(vnode.versionVector, others) });
  }
}
