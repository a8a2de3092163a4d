import { getFid } from '../../ipc/calls/getFid.ts';
import { localVersionVector } from '../../ipc/versionVector.ts';
import { type ObjectPlace, expandedFid, rootFid } from '../client/place.ts';
import type { UserSession } from '../client/userSession.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

export const getFidHandler = handler(getFid, async ({ session }, path, ofMountPoint) => {
  const place = await path.place();
  if (place.kind === 'root') {
    return ofMountPoint ? fail('EINVAL') : { fid: rootFid, versionVector: localVersionVector };
  }
  if (place.kind === 'expanded') {
    if (ofMountPoint) return fail('EINVAL');
    const { unique } = place.repair.fid;
    return { fid: { ...expandedFid, unique }, versionVector: localVersionVector };
  }
  const { fid, versionVector } = ofMountPoint ? await mountLink(session, place) : place.status;
  return { fid: { ...fid, realm: session.realm }, versionVector };
});

/** The link by which a volume is mounted at a place. @throws VenusError EINVAL if none is */
async function mountLink(session: UserSession, place: ObjectPlace) {
  const directory = place.mount?.directory ?? fail('EINVAL');
  return session.lookup(directory, place.path.slice(place.path.lastIndexOf('/') + 1));
}
