import { getFid } from '../../ipc/calls/getFid.ts';
import { isErrno } from '../../ipc/errors.ts';
import { type VersionVector, localVersionVector } from '../../ipc/versionVector.ts';
import { type ObjectPlace, expandedFid, rootFid } from '../client/place.ts';
import type { UserSession } from '../client/userSession.ts';
import type { ObjectStatus } from '../net/fileProtocol.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

export const getFidHandler = handler(getFid, async ({ session }, path, ofMountPoint) => {
  const place = await path.place();
  if (place.kind === 'root') {
    return ofMountPoint ? fail('EINVAL') : { fid: rootFid, versionVector: localVersionVector };
  }
  if (place.kind === 'expanded') {
    if (ofMountPoint) return fail('EINVAL');
    const { unique } = place.expanded.fid;
    return { fid: { ...expandedFid, unique }, versionVector: localVersionVector };
  }
  if (place.session.client.replica !== undefined && !ofMountPoint) return ofReplica(place, session.realm);
  if (ofMountPoint) return named(await mountLink(session, place), session.realm);
  const isLocalVersion = place.session.isReadOnly && place.session.client === session.client;
  const { fid } = place.status;
  return isLocalVersion
    ? named({ fid, versionVector: await versionBeforeChanges(place) }, session.realm)
    : named(place.status, session.realm);
});

/** What one server has: under the id of its replica, with the version there. */
async function ofReplica({ session, status }: ObjectPlace, realm: string) {
  const { volume } = status.fid;
  const [replica] = (await session.client.locate(volume)).replicas;
  return named({ ...status, fid: { ...status.fid, volume: replica?.volume ?? volume } }, realm);
}

function named({ fid, versionVector }: Pick<ObjectStatus, 'fid' | 'versionVector'>, realm: string) {
  return { fid: { ...fid, realm }, versionVector };
}

/**
 * What the client knew of the servers' version when it made its own. Real venus counts an update when the servers have it
 * (spec/repair.md, 16.3); here it is counted at once. All zero, as real venus answers of conflicts, if the servers have another by now.
 */
async function versionBeforeChanges({ session, status }: ObjectPlace): Promise<VersionVector> {
  const { fid, versionVector } = status;
  if (!session.client.tree.logs.isDirty(fid)) return versionVector;
  const known = session.client.tree.lastKnown(fid);
  const server = await session.client.serverOf(fid.volume);
  try {
    const there = await server.call('getStatus', { credentials: session.credentials(), fid });
    const { host, unique } = there.versionVector.storeId;
    if (known?.host === host && known.unique === unique) return there.versionVector;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  return localVersionVector;
}

/** The link by which a volume is mounted at a place. @throws VenusError EINVAL if none is */
async function mountLink(session: UserSession, place: ObjectPlace) {
  const directory = place.mount?.directory ?? fail('EINVAL');
  return session.lookup(directory, place.path.slice(place.path.lastIndexOf('/') + 1));
}
