import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import { requireRights } from './access.ts';
import { fail } from '../fail.ts';
import { type Change, retouch, touch } from './change.ts';

/**
 * Takes a name out of a directory, and with its last name the object: a file, a link or an empty directory.
 * @returns the container that nobody needs any more, if there is one
 * @throws VenusError EACCES, ENOENT, ENOTEMPTY
 */
export function remove(
  change: Change,
  request: { readonly directory: Fid; readonly name: string },
): number | undefined {
  const directory = change.vnodes.directory(request.directory);
  requireRights(directory, change.identity, Right.Delete);
  const victim = change.vnodes.child(directory.fid, request.name);
  if (victim.type === 'directory' && victim.entryCount > 0) fail('ENOTEMPTY');
  touch(change, change.vnodes.removeEntry(change.writer, directory, request.name, victim));
  if (victim.type === 'file' && victim.linkCount > 1) {
    retouch(change, { ...victim, linkCount: victim.linkCount - 1 });
    return undefined;
  }
  change.vnodes.remove(change.writer, victim);
  return victim.type === 'file' ? victim.container : undefined;
}
