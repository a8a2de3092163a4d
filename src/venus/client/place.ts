import type { Fid, RealmFid } from '../../ipc/fid.ts';
import type { ObjectStatus } from '../net/fileProtocol.ts';
import { localVersionVector } from '../../ipc/versionVector.ts';
import { decodeText } from '../../ipc/text.ts';
import { fail } from '../fail.ts';
import type { SymlinkVnode } from '../tree/vnodes.ts';
import type { Repair } from './repair/repair.ts';
import type { Expansion } from './replicas/expansion.ts';
import type { UserSession } from './userSession.ts';

/** What a path leads to. */
export type Place = RootPlace | ExpandedPlace | ObjectPlace;

/** The Coda root, which is venus's own: it holds the realms. */
export interface RootPlace {
  readonly kind: 'root';
  readonly path: '/';
}

/** An object in conflict that is expanded: a directory of its versions (spec/repair.md, 2.3). */
export interface ExpandedPlace {
  readonly kind: 'expanded';
  readonly path: string;
  readonly expanded: Repair | Expansion;
}

export interface ObjectPlace {
  readonly kind: 'object';
  /** Without links, from the Coda root. */
  readonly path: string;
  /** Of a conflict: the link by which it shows. */
  readonly status: ObjectStatus;
  /** Whose view of the tree it is in: the client's, or one of an expanded object's. */
  readonly session: UserSession;
  /** For the root of a volume: the link by which it is mounted here. */
  readonly mount?: MountLink;
}

export interface MountLink {
  /** Contents of the link, as `#name.`. */
  readonly contents: string;
  /** Where the link is; none for the root of a realm, which venus itself puts into the Coda root. */
  readonly directory: Fid | undefined;
}

export const codaRoot: RootPlace = { kind: 'root', path: '/' };

/** Names of the Coda root, which belongs to no server (spec/cfs.md, 8.2). */
export const rootFid: RealmFid = { volume: 0xff000001, vnode: 1, unique: 1, realm: 'localhost' };
export const ROOT_VOLUME_NAME = 'CodaRoot';

/** Names of expanded objects, which venus makes up (spec/repair.md, 1); the last number is that of the object. */
export const expandedFid: RealmFid = { volume: 0xffffffff, vnode: 0xfffffffc, unique: 0, realm: 'localhost' };

export function isCodaRoot(fid: Fid): boolean {
  return fid.volume === rootFid.volume && fid.vnode === rootFid.vnode && fid.unique === rootFid.unique;
}

/** Mode by which a symbolic link is taken for a mount point. */
export const MOUNT_LINK_MODE = 0o644;

export function isMountLink(status: ObjectStatus): boolean {
  return (
    status.type === 'symlink' && status.mode === MOUNT_LINK_MODE && (status.target ?? '').startsWith('#')
  );
}

/** The same of a link as it is kept. */
export function isMountTarget({ mode, target }: SymlinkVnode): boolean {
  return mode === MOUNT_LINK_MODE && decodeText(target).startsWith('#');
}

/** How an object in conflict shows, or one that cannot be reached. Its fid is its own. */
export function linkTo(
  fid: Fid,
  realm: string,
  now: number,
  status: Partial<ObjectStatus> = {},
): ObjectStatus {
  const { volume, vnode, unique } = fid;
  const hex = [volume, vnode, unique].map((part) => part.toString(16).padStart(8, '0')).join('.');
  const target = `@${hex}@${realm}.`;
  return {
    versionVector: localVersionVector,
    parent: undefined,
    ...status,
    fid,
    type: 'symlink',
    target,
    length: target.length,
    mode: MOUNT_LINK_MODE,
    linkCount: 1,
    owner: 0,
    ownerName: 'root',
    modified: now,
  };
}

/** An object that can be changed. @throws VenusError EROFS for the Coda root, and where repair shows versions */
export function changeable(place: Place): ObjectPlace {
  if (place.kind === 'root') return fail('EROFS', 'The Coda root belongs to venus itself.');
  if (place.kind === 'expanded')
    return fail(
      'EROFS',
      'It is expanded for repair; only what is below `global` in it, if it has that, can be changed.',
    );
  if (place.session.isReadOnly) fail('EROFS', 'It shows what this client has, which repair keeps as it is.');
  return place;
}

/** The volume that a place lies in. @throws VenusError EOPNOTSUPP for the Coda root, which has no log */
export function volumeOf(place: Place): number {
  if (place.kind === 'root') return fail('EOPNOTSUPP');
  return place.kind === 'object' ? place.status.fid.volume : place.expanded.fid.volume;
}

/** A directory that can be changed. @throws VenusError EROFS, ENOTDIR */
export function changeableDirectory(place: Place): ObjectPlace {
  const object = changeable(place);
  return object.status.type === 'directory' ? object : fail('ENOTDIR');
}

/** The object itself, of whatever a path leads to. @throws VenusError EINVAL for what venus makes up */
export function objectOf(place: Place): ObjectPlace {
  return place.kind === 'object' ? place : fail('EINVAL');
}
