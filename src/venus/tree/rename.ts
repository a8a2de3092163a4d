import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import { requireRights } from './access.ts';
import { type DirectoryVnode, type Vnode, type Vnodes, sameFid } from './vnodes.ts';
import { fail } from '../fail.ts';
import { type Change, checkNewName, retouch, touch } from './change.ts';

export interface RenameRequest {
  readonly fromDirectory: Fid;
  readonly fromName: string;
  readonly toDirectory: Fid;
  readonly toName: string;
}

/**
 * Moves a name, in its directory or to another one of the volume. What the new name stood for is removed before.
 * @throws VenusError EXDEV, EACCES, ENOENT, EEXIST, and as {@link checkMove}
 */
export function rename(change: Change, request: RenameRequest): void {
  const { vnodes, writer, identity } = change;
  if (request.fromDirectory.volume !== request.toDirectory.volume) fail('EXDEV');
  const from = vnodes.directory(request.fromDirectory);
  const to = vnodes.directory(request.toDirectory);
  requireRights(from, identity, Right.Delete);
  requireRights(to, identity, Right.Insert);
  const moved = vnodes.child(from.fid, request.fromName);
  checkNewName(vnodes, to, request.toName);
  checkMove(vnodes, moved, from, to, undefined);

  const source = vnodes.removeEntry(writer, from, request.fromName, moved);
  const isSame = sameFid(from.fid, to.fid);
  if (!isSame) touch(change, source);
  touch(change, vnodes.addEntry(writer, isSame ? source : to, request.toName, moved));
  retouch(change, { ...moved, parent: to.fid });
}

/**
 * Whether an object can be moved, and to where another one is.
 * @throws VenusError EINVAL for a directory into itself, EXDEV for one of several names, ENOTDIR, EISDIR
 */
export function checkMove(
  vnodes: Vnodes,
  moved: Vnode,
  from: DirectoryVnode,
  to: DirectoryVnode,
  replaced: Vnode | undefined,
): void {
  if (moved.type === 'file' && moved.linkCount > 1 && !sameFid(from.fid, to.fid)) {
    fail('EXDEV', 'The file has other names, and in Coda all names of a file are in one directory.');
  }
  if (moved.type === 'directory') checkNotInside(vnodes, moved, to);
  if (!replaced) return;
  if (moved.type === 'directory' && replaced.type !== 'directory') fail('ENOTDIR');
  if (moved.type !== 'directory' && replaced.type === 'directory') fail('EISDIR');
}

function checkNotInside(vnodes: Vnodes, moved: DirectoryVnode, to: DirectoryVnode): void {
  for (
    let above: DirectoryVnode | undefined = to;
    above;
    above = above.parent && vnodes.directory(above.parent)
  ) {
    if (sameFid(above.fid, moved.fid)) fail('EINVAL');
  }
}
