import { Right } from '../../acl/rights.ts';
import { fail } from '../fail.ts';
import type { Fid } from '../../ipc/fid.ts';
import { type Mutation, directoriesOf } from '../net/mutation.ts';
import { requireRights } from './access.ts';
import type { Change } from './change.ts';
import { link } from './link.ts';
import { makeDirectory, makeFile, makeSymlink } from './make.ts';
import { rename } from './rename.ts';
import { setStatus } from './setStatus.ts';
import { store } from './store.ts';
import { remove } from './unlink.ts';
import type { StoreId } from '../../ipc/versionVector.ts';
import { isInconsistent, sameStoreId } from './version.ts';
import { sameFid } from './vnodes.ts';

/** Contents that a store brings: the number of a container, none for an empty file. */
export interface Contents {
  readonly length: number;
  readonly container: number | undefined;
}

/**
 * Performs one mutation on a tree: the client's own copy, and at reintegration the server's.
 * @param contents of a store
 * @returns the container that the tree does not need any more, if there is one
 * @throws VenusError with the errno of what forbids it
 */
export function apply(
  change: Change,
  mutation: Mutation,
  contents: Contents | undefined,
): number | undefined {
  switch (mutation.op) {
    case 'create':
      makeFile(change, { ...mutation, directory: mutation.parent });
      return undefined;
    case 'mkdir':
      makeDirectory(change, { ...mutation, directory: mutation.parent });
      return undefined;
    case 'symlink':
      makeSymlink(change, { ...mutation, directory: mutation.parent });
      return undefined;
    case 'link':
      link(change, { ...mutation, directory: mutation.parent });
      return undefined;
    case 'rename':
      rename(change, {
        fromDirectory: mutation.fromParent,
        fromName: mutation.fromName,
        toDirectory: mutation.toParent,
        toName: mutation.toName,
      });
      return undefined;
    case 'remove':
    case 'rmdir':
      return remove(change, { directory: mutation.parent, name: mutation.name });
    case 'store':
      return store(change, { fid: mutation.fid, ...(contents ?? fail('EINVAL')) });
    case 'chmod':
    case 'chown':
    case 'utimes':
      setStatus(change, mutation);
      return undefined;
  }
}

/**
 * Whether a server may perform what a client did before it knew what others did meanwhile. Files and links must be as
 * the client knew them; in directories only the names that matter must be so. Rights come first (spec/repair.md, 16.3):
 * without them no other version would help.
 * @throws VenusError EACCES, EINCOMPATIBLE, ENOENT, ENOTDIR; EINCONS for what is in conflict
 */
export function certify(
  { vnodes, identity, storeId }: Pick<Change, 'vnodes' | 'identity' | 'storeId'>,
  mutation: Mutation,
  base: StoreId | undefined,
): void {
  requireRightsFor({ vnodes, identity }, mutation);
  for (const fid of [...directoriesOf(mutation), mutation.fid]) {
    const found = vnodes.find(fid);
    if (found && isInconsistent(found)) fail('EINCONS', 'The replicas of the object differ.');
  }
  const named = nameBefore(mutation);
  if (named) {
    const entry = vnodes.entry(named.directory, named.name);
    if (!entry || !sameFid({ ...entry, volume: named.directory.volume }, mutation.fid))
      fail('ENOENT', `${named.name} is gone, or is another object now.`);
  }
  if (mutation.op === 'create' || mutation.op === 'mkdir' || mutation.op === 'symlink') return;
  const present = vnodes.vnode(mutation.fid);
  if (present.type === 'directory') return;
  const last = present.versionVector.storeId;
  // A client's own update is never news to it, even where the answer was lost.
  if (last.host === storeId.host || sameStoreId(last, base)) return;
  fail('EINCOMPATIBLE', 'It was changed on the server after this client had seen it.');
}

/** @throws VenusError EACCES; ENOENT for what they would be needed in */
function requireRightsFor(
  { vnodes, identity }: Pick<Change, 'vnodes' | 'identity'>,
  mutation: Mutation,
): void {
  const inDirectory = (fid: Fid, right: number): void =>
    requireRights(vnodes.directory(fid), identity, right);
  switch (mutation.op) {
    case 'create':
    case 'mkdir':
    case 'symlink':
    case 'link':
      inDirectory(mutation.parent, Right.Insert);
      return;
    case 'remove':
    case 'rmdir':
      inDirectory(mutation.parent, Right.Delete);
      return;
    case 'rename':
      inDirectory(mutation.fromParent, Right.Delete);
      inDirectory(mutation.toParent, Right.Insert);
      return;
    case 'store':
    case 'chmod':
    case 'chown':
    case 'utimes': {
      const right = mutation.op === 'chown' ? Right.Administer : Right.Write;
      requireRights(vnodes.ruler(vnodes.vnode(mutation.fid)), identity, right);
    }
  }
}

/** The name by which the object must be in a directory for the mutation to make sense. */
function nameBefore(mutation: Mutation) {
  if (mutation.op === 'rename') return { directory: mutation.fromParent, name: mutation.fromName };
  if (mutation.op === 'remove' || mutation.op === 'rmdir')
    return { directory: mutation.parent, name: mutation.name };
  return undefined;
}
