import type { Fid } from '../../ipc/fid.ts';
import type { StoreId } from '../../ipc/versionVector.ts';
import type { FileProtocol } from '../net/fileProtocol.ts';
import type { Writer } from '../store/database.ts';
import { countUp } from '../tree/version.ts';
import { type Vnodes, isReplicated } from '../tree/vnodes.ts';
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
  const others = sites.filter((site) => site !== record.site);
  const isEverywhere = record.members.every((_, site) => sites.includes(site));
  await vnodes.database.transaction((writer) => {
    for (const storeId of storeIds) conclude(writer, storeId);
  });

  function conclude(writer: Writer, storeId: StoreId): void {
    const update = log.find(volume, storeId);
    if (!update) return;
    for (const fid of touchedBy(update)) count(writer, fid);
    if (isEverywhere) log.conclude(writer, volume, storeId);
  }

  function count(writer: Writer, fid: Fid): void {
    const vnode = vnodes.find(fid);
    if (!vnode) return;
    vnodes.putUnchecked(writer, { ...vnode, versionVector: countUp(vnode.versionVector, others) });
  }
}
