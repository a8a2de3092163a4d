import { ALL_RIGHTS, Right } from '../../../acl/rights.ts';
import type { NewVolume } from '../../net/fileProtocol.ts';
import { type VersionVector, VSG_SIZE } from '../../../ipc/versionVector.ts';
import type { Writer } from '../../store/database.ts';
import { ADMINISTRATORS, ANY_USER } from '../../tree/identity.ts';
import { ROOT_VNODE, type StoredAcl, type Vnodes } from '../../tree/vnodes.ts';
import { NUMBERS_PER_SITE, isReplicated } from '../../tree/volumeRecord.ts';

const ROOT_MODE = 0o755;
const NO_MESSAGE = new Uint8Array(0);

/** Makes a volume and its root directory. */
export function makeVolume(vnodes: Vnodes, writer: Writer, request: NewVolume): void {
  const { volume, replica, site, members, time, name, owner, maxQuota } = request;
  const start = isReplicated(request) ? site * NUMBERS_PER_SITE : 0;
  vnodes.putVolume(writer, {
    id: volume,
    replica,
    site,
    members,
    name,
    minQuota: 0,
    maxQuota,
    blocksUsed: 0,
    offlineMessage: NO_MESSAGE,
    messageOfTheDay: NO_MESSAGE,
    nextDirectory: start + ROOT_VNODE + 2,
    nextFile: start + 2,
    nextUnique: start + ROOT_VNODE + 1,
  });
  vnodes.put(writer, {
    type: 'directory',
    fid: { volume, vnode: ROOT_VNODE, unique: ROOT_VNODE },
    owner,
    mode: ROOT_MODE,
    modified: time,
    versionVector: firstVersion(request),
    linkCount: 2,
    entryCount: 0,
    nameUnits: 0,
    acl: initialAcl(owner),
  });
}

/** The same on all servers of the volume, since each makes it. */
function firstVersion({ replica, members }: NewVolume): VersionVector {
  const sites = Math.max(members.length, 1);
  const versions = Array.from({ length: VSG_SIZE }, (_, site) => (site < sites ? 1 : 0));
  return { versions, storeId: { host: members[0]?.replica ?? replica, unique: 1 }, flags: 0 };
}

/** A new volume can be read by everybody and changed by its owner and the administrators. */
function initialAcl(owner: number): StoredAcl {
  const positive = [
    { id: ANY_USER.id, rights: Right.Read | Right.Lookup },
    { id: ADMINISTRATORS.id, rights: ALL_RIGHTS },
    ...(owner === ADMINISTRATORS.id ? [] : [{ id: owner, rights: ALL_RIGHTS }]),
  ];
  return { positive, negative: [] };
}
