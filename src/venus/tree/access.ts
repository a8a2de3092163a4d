/** Who may do what (spec/cfs.md, 7; design, section 5). */
import { ALL_RIGHTS, Right } from '../../acl/rights.ts';
import { ANY_USER, type Identity } from './identity.ts';
import { type DirectoryVnode, type StoredAcl, type StoredRights, type Vnode } from './vnodes.ts';
import { fail } from '../fail.ts';

/** Bits of a mode that count, for everybody: those of the owner. */
const OWNER_READ = 0o400;
const OWNER_WRITE = 0o200;

/** The union of the positive rights of somebody and all his groups, minus the union of the negative ones. */
export function grantedRights(acl: StoredAcl, identity: Identity): number {
  return union(acl.positive, identity) & ~union(acl.negative, identity);
}

/** With what the list cannot take away: the owner of a directory may set its list, administrators find and set all. */
export function rightsIn(directory: DirectoryVnode, identity: Identity): number {
  let rights = grantedRights(directory.acl, identity) & ALL_RIGHTS;
  // What nobody in particular made, nobody in particular owns.
  if (directory.owner === identity.viceId && identity.viceId !== ANY_USER.id) rights |= Right.Administer;
  if (identity.administrator) rights |= Right.Administer | Right.Lookup;
  return rights;
}

/** @throws VenusError EACCES unless all of the rights are there */
export function requireRights(directory: DirectoryVnode, identity: Identity, rights: number): void {
  if ((rightsIn(directory, identity) & rights) !== rights) fail('EACCES');
}

/** @throws VenusError EACCES if the mode of a file forbids it to everybody */
export function requireMode(vnode: Vnode, access: 'read' | 'write'): void {
  const bit = access === 'read' ? OWNER_READ : OWNER_WRITE;
  if ((vnode.mode & bit) === 0)
    fail('EACCES', 'The mode of the file forbids it to everybody; its owner can change that.');
}

function union(entries: readonly StoredRights[], identity: Identity): number {
  return entries
    .filter(({ id }) => identity.counts.has(id))
    .reduce((rights, entry) => rights | entry.rights, 0);
}
