import type { Fid, RealmFid } from '../../ipc/fid.ts';
import type { ObjectStatus } from '../net/fileProtocol.ts';
import { fail } from '../fail.ts';

/** What a path leads to. */
export type Place = RootPlace | ObjectPlace;

/** The Coda root, which is venus's own: it holds the realms. */
export interface RootPlace {
  readonly kind: 'root';
  readonly path: '/';
}

export interface ObjectPlace {
  readonly kind: 'object';
  /** Without links, from the Coda root. */
  readonly path: string;
  readonly status: ObjectStatus;
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

/** An object that can be changed. @throws VenusError EROFS for the Coda root */
export function changeable(place: Place): ObjectPlace {
  return place.kind === 'object' ? place : fail('EROFS', 'The Coda root belongs to venus itself.');
}

/** The volume that a place lies in. @throws VenusError EOPNOTSUPP for the Coda root, which has no log */
export function volumeOf(place: Place): number {
  return place.kind === 'object' ? place.status.fid.volume : fail('EOPNOTSUPP');
}

/** A directory that can be changed. @throws VenusError EROFS, ENOTDIR */
export function changeableDirectory(place: Place): ObjectPlace {
  const object = changeable(place);
  return object.status.type === 'directory' ? object : fail('ENOTDIR');
}
