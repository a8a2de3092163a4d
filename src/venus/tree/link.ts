import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import { requireRights } from './access.ts';
import { sameFid } from './vnodes.ts';
import { fail } from '../fail.ts';
import { type Change, checkNewName, retouch, touch } from './change.ts';

/**
 * Gives a file a second name. Access lists belong to directories, so both names must be in the same one.
 * @throws VenusError EXDEV if they are not, EPERM for a directory, EEXIST
 */
export function link(
  change: Change,
  request: { readonly directory: Fid; readonly name: string; readonly fid: Fid },
): void {
  const { vnodes, writer } = change;
  const directory = vnodes.directory(request.directory);
  requireRights(directory, change.identity, Right.Insert);
  const file = vnodes.vnode(request.fid);
  if (file.type !== 'file') fail('EPERM');
  if (!file.parent || !sameFid(file.parent, directory.fid)) {
    fail('EXDEV', 'In Coda all names of a file are in one directory, whose access list rules over it.');
  }
  checkNewName(vnodes, directory, request.name);
  retouch(change, { ...file, linkCount: file.linkCount + 1 });
  touch(change, vnodes.addEntry(writer, directory, request.name, file));
}
