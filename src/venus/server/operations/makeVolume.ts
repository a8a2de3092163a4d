import { ALL_RIGHTS, Right } from '../../../acl/rights.ts';
import type { NewVolume } from '../../net/fileProtocol.ts';
import type { Writer } from '../../store/database.ts';
import { ADMINISTRATORS, ANY_USER } from '../../tree/identity.ts';
import { NUMBERS_PER_SITE, ROOT_VNODE, type StoredAcl, type Vnodes } from '../../tree/vnodes.ts';
import { countUp, newVersion } from '../../tree/version.ts';
import type { VersionVector } from '../../../ipc/versionVector.ts';

const ROOT_MODE = 0o755;
const NO_MESSAGE = new Uint8Array(0);

/** Makes a volume and its root directory. @param now milliseconds since 1970 */
export function makeVolume(vnodes: Vnodes, writer: Writer, request: NewVolume, now: number): void {
  const { volume, replica, name, owner, maxQuota, site = 0, members } = request;
  const start = members ? site * NUMBERS_PER_SITE : 0;
  vnodes.putVolume(writer, {
    id: volume,
    replica,
    name,
    minQuota: 0,
    maxQuota,
    blocksUsed: 0,
    offlineMessage: NO_MESSAGE,
    messageOfTheDay: NO_MESSAGE,
    nextDirectory: start + ROOT_VNODE + 2,
    nextFile: start + 2,
    nextUnique: start + ROOT_VNODE + 1,
    ...(members ? { site, members } : {}),
  });
  vnodes.put(writer, {
    type: 'directory',
    fid: { volume, vnode: ROOT_VNODE, unique: ROOT_VNODE },
    owner,
    mode: ROOT_MODE,
    modified: now,
    versionVector: firstVersion(request),
    linkCount: 2,
    entryCount: 0,
    nameUnits: 0,
    acl: initialAcl(owner),
  });
}

/** The same at all servers of the volume. */
function firstVersion({ volume, replica, members }: NewVolume): VersionVector {
  const storeId = { host: members ? volume : replica, unique: 1 };
  return (members ?? []).reduce((vector, _, site) => (site === 0 ? vector : countUp(vector, [site])), newVersion(storeId, 0));
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
