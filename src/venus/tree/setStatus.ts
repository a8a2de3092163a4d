import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import { requireRights } from './access.ts';
import { updated } from './version.ts';
import { type Change, PERMISSIONS } from './change.ts';

export interface StatusChange {
  readonly fid: Fid;
  readonly mode?: number;
  readonly owner?: number;
  /** Milliseconds since 1970. */
  readonly modified?: number;
}

/** Changes mode, owner or time. A new owner needs the right to administer. */
export function setStatus(change: Change, request: StatusChange): void {
  const { vnodes, writer, identity } = change;
  const vnode = vnodes.vnode(request.fid);
  const ruler = vnodes.ruler(vnode);
  requireRights(ruler, identity, request.owner === undefined ? Right.Write : Right.Administer);
  vnodes.put(writer, {
    ...updated(vnode, change.storeId, request.modified ?? vnode.modified, vnodes.siteOf(request.fid.volume)),
    ...(request.mode === undefined ? {} : { mode: request.mode & PERMISSIONS }),
    ...(request.owner === undefined ? {} : { owner: request.owner }),
  });
}
