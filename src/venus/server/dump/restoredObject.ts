import type { ObjectId, ObjectStatus } from '../../../dump/record.ts';
import { ALL_RIGHTS } from '../../../acl/rights.ts';
import { encodeText } from '../../../ipc/text.ts';
import { ADMINISTRATORS } from '../../tree/identity.ts';
import { type DirectoryVnode, ROOT_VNODE, type Vnode } from '../../tree/vnodes.ts';
import type { PrincipalMap } from './principalMap.ts';

/** An object that a dump brings, as it waits to be stored. Names are bytes, since the store would not keep every text. */
export interface RestoredObject {
  readonly vnode: Vnode;
  readonly names: readonly Uint8Array[];
}

const [STAND_IN_MODE, NO_LINKS] = [0o755, 2];

/** @param container of a file that is not empty */
export function restoredObject(
  volume: number,
  status: ObjectStatus,
  principals: PrincipalMap,
  container: number | undefined,
): RestoredObject {
  const { id, parent, mode, modified, versionVector } = status;
  const common = {
    fid: { volume, ...id },
    owner: principals.owner(status.owner),
    mode,
    modified,
    versionVector,
    ...(parent ? { parent: { volume, ...parent } } : {}),
  };
  const names = status.names.map((name) => Uint8Array.from(encodeText(name)));
  if (status.type === 'directory') {
    const acl = {
      positive: principals.rights(status.positive),
      negative: principals.rights(status.negative),
    };
    return { names, vnode: { ...common, ...emptyDirectory, acl } };
  }
  const linkCount = names.length;
  if (status.type === 'symlink')
    return { names, vnode: { ...common, type: 'symlink', linkCount, target: status.target } };
  const length = Number(status.length);
  const file = { ...common, type: 'file', linkCount, length } as const;
  return { names, vnode: container === undefined ? file : { ...file, container } };
}

/** Its entries are counted when all of them are there. */
const emptyDirectory = { type: 'directory', linkCount: NO_LINKS, entryCount: 0, nameUnits: 0 } as const;

/** A directory in place of one that is lost. Who may see what is in it was lost too: only administrators do. */
export function standIn(volume: number, id: ObjectId, now: number): DirectoryVnode {
  const root = { volume, vnode: ROOT_VNODE, unique: ROOT_VNODE };
  return {
    ...emptyDirectory,
    fid: { volume, ...id },
    owner: ADMINISTRATORS.id,
    mode: STAND_IN_MODE,
    modified: now,
    versionVector: {
      versions: [1, 0, 0, 0, 0, 0, 0, 0],
      storeId: { host: volume, unique: id.unique },
      flags: 0,
    },
    ...(id.vnode === ROOT_VNODE ? {} : { parent: root }),
    acl: { positive: [{ id: ADMINISTRATORS.id, rights: ALL_RIGHTS }], negative: [] },
  };
}
