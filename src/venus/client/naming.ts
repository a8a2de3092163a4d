import { isErrno } from '../../ipc/errors.ts';
import type { Fid } from '../../ipc/fid.ts';
import { textLength } from '../../ipc/text.ts';
import { fail } from '../fail.ts';
import type { MountedAt } from './locations.ts';
import { isMountLink, rootFid } from './place.ts';
import type { UserSession } from './userSession.ts';

const MAX_PATH = 1023;
const ROOT_VNODE = 1;

/**
 * The path of an object, from `/coda`. Where a volume on the way is not known to be mounted, it starts with the
 * volume's name in angle brackets (spec/cfs.md, 6.3).
 * @throws VenusError ENAMETOOLONG, also where volumes are mounted in each other, which has no end
 */
export async function pathOfFid(session: UserSession, fid: Fid): Promise<string> {
  let path = '';
  for (let at: Fid | undefined = fid; at;) {
    const step: Step = isVolumeRoot(at)
      ? await aboveVolume(session, at.volume)
      : await aboveObject(session, at);
    path = path === '' ? step.name : `${step.name}/${path}`;
    if (textLength(path) > MAX_PATH) fail('ENAMETOOLONG');
    at = step.parent;
  }
  return path;
}

/** The directory an object is in; for the root of a volume, the one with its mount point. @throws VenusError ENOENT */
export async function parentOfFid(session: UserSession, fid: Fid): Promise<Fid> {
  if (!isVolumeRoot(fid)) return (await session.status(fid)).parent ?? fail('ENOENT');
  await session.client.locate(fid.volume);
  const place =
    (await mountOf(session, fid.volume)) ?? fail('ENOENT', 'The volume has not been seen mounted.');
  return place.directory ?? rootFid;
}

/** Where a volume is mounted, from `/coda`. @throws VenusError EINVAL if it has not been seen mounted */
export async function mountPathOf(session: UserSession, volume: number): Promise<string> {
  if (!(await mountOf(session, volume)))
    fail('EINVAL', 'The volume has not been seen mounted by this venus.');
  return pathOfFid(session, { volume, vnode: ROOT_VNODE, unique: ROOT_VNODE });
}

interface Step {
  readonly name: string;
  readonly parent: Fid | undefined;
}

async function aboveVolume(session: UserSession, volume: number): Promise<Step> {
  const { name } = await session.client.locate(volume);
  const place = await mountOf(session, volume);
  if (!place) return { name: `<${name}>`, parent: undefined };
  if (!place.directory) return { name: `/coda/${place.name}`, parent: undefined };
  return { name: place.name, parent: place.directory };
}

/** Where a volume is mounted, unless the link has been removed or renamed since it was seen. */
async function mountOf(session: UserSession, volume: number): Promise<MountedAt | undefined> {
  const place = session.client.mountedAt(volume);
  if (!place?.directory) return place;
  try {
    return isMountLink(await session.lookup(place.directory, place.name)) ? place : undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function aboveObject(session: UserSession, fid: Fid): Promise<Step> {
  return { name: await session.nameOf(fid), parent: (await session.status(fid)).parent };
}

function isVolumeRoot(fid: Fid): boolean {
  return fid.vnode === ROOT_VNODE && fid.unique === ROOT_VNODE;
}
