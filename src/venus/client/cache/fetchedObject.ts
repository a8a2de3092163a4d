import { encodeText } from '../../../ipc/text.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type {
  Credentials,
  EntryRecord,
  FetchedObject,
  FileProtocol,
  ObjectStatus,
} from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import type { VolumeRecord } from '../../tree/volumeRecord.ts';
import type { DirectoryVnode, StoredAcl, Vnode } from '../../tree/vnodes.ts';

/** Entries asked for at a time. */
const PAGE = 1024;

/** What the entries that are here come to. */
export function countsOf({ entryCount, nameUnits, linkCount }: DirectoryVnode) {
  return { entryCount, nameUnits, linkCount };
}

/** What is known of rights, with what a server said of those of who asked. */
export function aclWith({ positive }: StoredAcl, { viceId, rights }: FetchedObject): StoredAcl {
  const others = positive.filter(({ id }) => id !== viceId);
  return { positive: [...others, { id: viceId, rights }].sort((a, b) => a.id - b.id), negative: [] };
}

/** Whether what is here is what a server has. */
export function sameVersion(present: Vnode, { versionVector }: ObjectStatus): boolean {
  const { versions, storeId } = present.versionVector;
  return (
    storeId.host === versionVector.storeId.host &&
    storeId.unique === versionVector.storeId.unique &&
    versions.every((count, at) => count === versionVector.versions[at])
  );
}

/** What a server told of an object, as it is kept. */
export function toVnode(
  { status, entryCount, nameUnits }: FetchedObject,
  acl: StoredAcl,
  container: number | undefined,
): Vnode {
  const { fid, type, owner, mode, modified, versionVector, linkCount, parent, length, target } = status;
  const common = { fid, owner, mode, modified, versionVector, linkCount, ...(parent ? { parent } : {}) };
  switch (type) {
    case 'directory':
      return { ...common, type, entryCount, nameUnits, acl };
    case 'symlink':
      return { ...common, type, target: encodeText(target ?? '') };
    case 'file':
      return { ...common, type, length, ...(container === undefined ? {} : { container }) };
  }
}

/** All entries of a directory, as a server has them. */
export async function listing(
  server: Remote<FileProtocol>,
  credentials: Credentials,
  directory: Fid,
): Promise<readonly EntryRecord[]> {
  const entries: EntryRecord[] = [];
  for (let after: string | undefined; ;) {
    const page = await server.call('readDirectory', { credentials, directory, after, limit: PAGE });
    entries.push(...page);
    after = page.at(-1)?.name;
    if (page.length < PAGE) return entries;
  }
}

/** The tree keeps count of blocks in its volume; in a cache nobody looks at it. */
export function uncountedVolume(id: number): VolumeRecord {
  const none = new Uint8Array(0);
  const counts = { minQuota: 0, maxQuota: 0, blocksUsed: 0, nextDirectory: 0, nextFile: 0, nextUnique: 0 };
  return {
    id,
    replica: id,
    site: 0,
    members: [],
    name: '',
    ...counts,
    offlineMessage: none,
    messageOfTheDay: none,
  };
}
