import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import { requireMode, requireRights } from './access.ts';
import type { Identity } from './identity.ts';
import { type FileVnode } from './vnodes.ts';
import { fail } from '../fail.ts';
import { type Change, touch } from './change.ts';

/** A file that somebody may write. @throws VenusError EISDIR, EACCES */
export function fileToStore(change: Pick<Change, 'vnodes' | 'identity'>, fid: Fid): FileVnode {
  const vnode = change.vnodes.vnode(fid);
  if (vnode.type === 'directory') fail('EISDIR');
  if (vnode.type === 'symlink') fail('EINVAL');
  requireRights(change.vnodes.ruler(vnode), change.identity, Right.Write);
  if (!isNew(vnode, change.identity)) requireMode(vnode, 'write');
  return vnode;
}

/** A file may be made read-only from the start: its owner stores its first contents all the same. */
function isNew({ length, owner }: FileVnode, { viceId }: Identity): boolean {
  return length === 0 && owner === viceId;
}

/** Gives a file new contents. @returns the container of the old ones, if there is one */
export function store(
  change: Change,
  request: { readonly fid: Fid; readonly length: number; readonly container: number | undefined },
): number | undefined {
  const { container: old, ...file } = fileToStore(change, request.fid);
  const { length, container } = request;
  touch(change, { ...file, length, ...(container === undefined ? {} : { container }) });
  return old;
}
