/** All that a server has of a volume, in a form in which servers can be compared. */
import type { Fid } from '../../../src/ipc/fid.ts';
import type { FileServer } from '../../../src/venus/server/fileServer.ts';
import type { Vnode } from '../../../src/venus/tree/vnodes.ts';

export interface SeenObject {
  readonly fid: Fid;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly owner: number;
  readonly mode: number;
  readonly modified: number;
  readonly links: number;
  readonly parent: string | undefined;
  /** As text: counters, who made the update, flags. */
  readonly version: string;
  /** Of a file its bytes, of a link its target. */
  readonly contents: string;
  readonly acl: string;
  /** Of a directory: how many entries, and what they take. */
  readonly counts: string;
}

export interface SeenVolume {
  readonly objects: readonly SeenObject[];
  /** By directory. */
  readonly entries: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly blocksUsed: number;
  /** Updates in its log. */
  readonly logged: number;
}

const MANY = 1_000_000;

export const textOfFid = ({ vnode, unique }: Fid): string => `${vnode.toString(16)}.${unique.toString(16)}`;

export async function seen(server: FileServer, volume: number): Promise<SeenVolume> {
  const { forPeers } = server;
  const vnodes = await forPeers.listObjects({ volume, after: 0, limit: MANY });
  const entries = new Map<string, ReadonlyMap<string, string>>();
  for (const { type, fid } of vnodes) {
    if (type !== 'directory') continue;
    const names = await forPeers.listNames({ directory: fid, after: undefined, limit: MANY });
    entries.set(textOfFid(fid), new Map(names.map((named) => [named.name, textOfFid(named.fid)])));
  }
  const objects: SeenObject[] = [];
  for (const vnode of vnodes) objects.push(seenObject(vnode, await contentsOf(server, vnode)));
  const { status } = await server.describeVolume({ volume });
  const log = await forPeers.readLog({ volume, after: 0, limit: MANY });
  return { objects, entries, blocksUsed: status.blocksUsed, logged: log.length };
}

function seenObject(vnode: Vnode, contents: string): SeenObject {
  const { fid, type, owner, mode, modified, linkCount: links, parent, versionVector } = vnode;
  const { versions, storeId, flags } = versionVector;
  return {
    ...{ fid, type, owner, mode, modified, links, contents },
    parent: parent && textOfFid(parent),
    version: `${versions.join(' ')} ${storeId.host}.${storeId.unique} ${flags}`,
    acl: vnode.type === 'directory' ? JSON.stringify(vnode.acl) : '',
    counts: vnode.type === 'directory' ? `${vnode.entryCount} ${vnode.nameUnits}` : '',
  };
}

async function contentsOf({ forPeers }: FileServer, vnode: Vnode): Promise<string> {
  if (vnode.type === 'symlink') return Buffer.from(vnode.target).toString();
  if (vnode.type === 'directory') return '';
  const { handle, length } = await forPeers.openFetch({ fid: vnode.fid });
  const bytes = await forPeers.fetchFragment({ handle, offset: 0, length });
  await forPeers.closeFetch({ handle });
  if (bytes.length !== vnode.length) throw new Error(`${textOfFid(vnode.fid)} has not its length`);
  return Buffer.from(bytes).toString();
}
