import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import { requireRights } from './access.ts';
import { type DirectoryVnode, type Vnode, type Vnodes, sameFid } from './vnodes.ts';
import { fail } from '../fail.ts';
import { type Change, checkName, retouch, touch } from './change.ts';
import { dropName } from './unlink.ts';

export interface RenameRequest {
  readonly fromDirectory: Fid;
  readonly fromName: string;
  readonly toDirectory: Fid;
  readonly toName: string;
}

/**
 * Moves a name, in its directory or to another one of the volume; what the new name stood for is replaced.
 * @returns the container that nobody needs any more, if there is one
 */
export function rename(change: Change, request: RenameRequest): number | undefined {
  const { vnodes, writer, identity } = change;
  checkName(request.toName);
  if (request.fromDirectory.volume !== request.toDirectory.volume) fail('EXDEV');
  const from = vnodes.directory(request.fromDirectory);
  const to = vnodes.directory(request.toDirectory);
  requireRights(from, identity, Right.Delete);
  requireRights(to, identity, Right.Insert);
  const moved = vnodes.child(from.fid, request.fromName);
  const entry = vnodes.entry(to.fid, request.toName);
  const replaced = entry && vnodes.child(to.fid, request.toName);
  if (replaced && sameFid(replaced.fid, moved.fid)) return undefined;
  checkMove(vnodes, moved, from, to, replaced);

  let container: number | undefined;
  if (replaced) {
    requireRights(to, identity, Right.Delete);
    const dropped = dropName(change, to, request.toName, replaced);
    vnodes.put(writer, dropped.directory);
    container = dropped.container;
  }
  const source = vnodes.removeEntry(writer, vnodes.directory(from.fid), request.fromName, moved);
  touch(change, source);
  const target = sameFid(from.fid, to.fid) ? source : vnodes.directory(to.fid);
  touch(change, vnodes.addEntry(writer, target, request.toName, moved));
  retouch(change, { ...moved, parent: to.fid });
  return container;
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
