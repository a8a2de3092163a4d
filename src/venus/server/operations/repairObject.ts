import { compareVectors, largestCounters } from '../../../ipc/versionVector.ts';
import { Right } from '../../../acl/rights.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId, VersionVector } from '../../../ipc/versionVector.ts';
import { fail } from '../../fail.ts';
import type { Contents } from '../../tree/apply.ts';
import { requireRights } from '../../tree/access.ts';
import { type Change, PERMISSIONS } from '../../tree/change.ts';
import { INCONSISTENT, countUp, isInconsistent } from '../../tree/version.ts';
import { type Vnode, withoutContainer } from '../../tree/vnodes.ts';

/** Of an object in conflict: the largest counters of all replicas that could be read (spec/repair.md, 12). */
export interface RepairTarget {
  readonly fid: Fid;
  readonly template: readonly number[];
}

/**
 * An object that may be repaired: it is in conflict, and has nothing that who repairs it has not seen.
 * @throws VenusError EINVAL, EINCOMPATIBLE, ENOENT
 */
export function repairable({ vnodes }: Pick<Change, 'vnodes'>, { fid, template }: RepairTarget): Vnode {
  const vnode = vnodes.vnode(fid);
  if (!isInconsistent(vnode)) fail('EINVAL', 'It is not in conflict at this server.');
  const order = compareVectors({ ...vnode.versionVector, versions: template }, vnode.versionVector);
  if (order !== 'equal' && order !== 'dominates')
    fail('EINCOMPATIBLE', 'This server has a version of it that was not looked at.');
  return vnode;
}

/** The version of an object after its repair at one server. */
export function repairedVersion(
  { versionVector }: Vnode,
  template: readonly number[],
  storeId: StoreId,
  site: number,
): VersionVector {
  const versions = largestCounters([versionVector, { ...versionVector, versions: template }]);
  return { ...countUp({ ...versionVector, versions }, [site]), storeId };
}

export interface FileRepair extends RepairTarget {
  readonly owner: number;
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly contents: Contents;
}

/**
 * Gives a file in conflict its contents; it is in conflict no more at this server. Of a link only the status is set.
 * @returns the container of the old contents, if there is one
 * @throws VenusError EACCES, and as {@link repairable}
 */
export function repairFile(change: Change, repair: FileRepair): number | undefined {
  const { vnodes, writer, identity, storeId } = change;
  const vnode = repairable(change, repair);
  if (vnode.type === 'directory') fail('EISDIR');
  requireRights(vnodes.ruler(vnode), identity, Right.Write);
  const { owner, modified, template, contents } = repair;
  const { flags, ...version } = repairedVersion(vnode, template, storeId, vnodes.siteOf(vnode.fid.volume));
  const versionVector = { ...version, flags: flags & ~INCONSISTENT };
  const status = { owner, mode: repair.mode & PERMISSIONS, modified, versionVector };
  if (vnode.type === 'symlink') {
    vnodes.put(writer, { ...vnode, ...status });
    return contents.container;
  }
  const { length, container } = contents;
  const stored = container === undefined ? {} : { container };
  vnodes.put(writer, { ...withoutContainer(vnode), ...status, length, ...stored });
  return vnode.container;
}
