import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import { requireRights } from './access.ts';
import { type DirectoryVnode, type Vnode } from './vnodes.ts';
import { fail } from '../fail.ts';
import { type Change, retouch, touch } from './change.ts';

/**
 * Takes a name out of a directory, and with its last name the object: a file, a link or an empty directory.
 * @returns the container that nobody needs any more, if there is one
 */
export function remove(
  change: Change,
  request: { readonly directory: Fid; readonly name: string },
): number | undefined {
  const directory = change.vnodes.directory(request.directory);
  requireRights(directory, change.identity, Right.Delete);
  const victim = change.vnodes.child(directory.fid, request.name);
  const { directory: after, container } = dropName(change, directory, request.name, victim);
  touch(change, after);
  return container;
}

/**
 * Takes one name of an object out of a directory, which is given back and not yet stored.
 * @throws VenusError ENOTEMPTY
 */
export function dropName(
  change: Change,
  directory: DirectoryVnode,
  name: string,
  victim: Vnode,
): { readonly directory: DirectoryVnode; readonly container: number | undefined } {
  const { vnodes, writer } = change;
  if (victim.type === 'directory' && victim.entryCount > 0) fail('ENOTEMPTY');
  const after = vnodes.removeEntry(writer, directory, name, victim);
  if (victim.type === 'file' && victim.linkCount > 1) {
    retouch(change, { ...victim, linkCount: victim.linkCount - 1 });
    return { directory: after, container: undefined };
  }
  vnodes.remove(writer, victim);
  return { directory: after, container: victim.type === 'file' ? victim.container : undefined };
}
