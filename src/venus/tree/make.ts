import { Right } from '../../acl/rights.ts';
import type { Fid } from '../../ipc/fid.ts';
import { encodeText } from '../../ipc/text.ts';
import { requireRights } from './access.ts';
import type { DirectoryVnode } from './vnodes.ts';
import { fail } from '../fail.ts';
import { type Change, PERMISSIONS, enter } from './change.ts';
import { newVersion } from './version.ts';

interface NewName {
  readonly directory: Fid;
  readonly name: string;
  readonly mode: number;
  /** A fid that was set aside before. */
  readonly fid: Fid;
}

/** Longest contents of a link that real venus keeps (spec/cfs.md, 4.6). */
const MAX_TARGET = 1023;

/** A directory starts with the access list of the one it is in. */
export function makeDirectory(change: Change, request: NewName): void {
  const parent = parentFor(change, request.directory);
  enter(change, parent, request.name, {
    ...common(change, parent, request),
    type: 'directory',
    linkCount: 2,
    entryCount: 0,
    nameUnits: 0,
    acl: parent.acl,
  });
}

export function makeSymlink(change: Change, request: NewName & { readonly target: string }): void {
  const parent = parentFor(change, request.directory);
  const target = encodeText(request.target);
  if (target.length === 0 || target.includes(0)) fail('EINVAL');
  if (target.length > MAX_TARGET) fail('ENAMETOOLONG');
  enter(change, parent, request.name, {
    ...common(change, parent, request),
    type: 'symlink',
    target,
  });
}

/** A file is made empty. */
export function makeFile(change: Change, request: NewName): void {
  const parent = parentFor(change, request.directory);
  enter(change, parent, request.name, { ...common(change, parent, request), type: 'file', length: 0 });
}

/** @throws VenusError EACCES without the right to insert */
export function parentFor(change: Pick<Change, 'vnodes' | 'identity'>, directory: Fid): DirectoryVnode {
  const parent = change.vnodes.directory(directory);
  requireRights(parent, change.identity, Right.Insert);
  return parent;
}

function common(change: Change, parent: DirectoryVnode, { fid, mode }: NewName) {
  return {
    fid: unused(change, fid),
    owner: change.identity.viceId,
    mode: mode & PERMISSIONS,
    modified: change.now,
    versionVector: newVersion(change.storeId, change.vnodes.siteOf(parent.fid.volume)),
    linkCount: 1,
    parent: parent.fid,
  };
}

/** @throws VenusError EEXIST if there is, or may have been, another object with the number */
function unused({ vnodes }: Change, fid: Fid): Fid {
  return vnodes.isFree(fid) ? fid : fail('EEXIST', 'There is another object with its fid.');
}
