import type { Fid } from '../../../ipc/fid.ts';
import { type StoreId, type VersionVector, compareVectors } from '../../../ipc/versionVector.ts';
import type { DirectorySummary } from '../../net/peerProtocol.ts';
import { countUp, isInconsistent } from '../../tree/version.ts';
import type { DirectoryVnode, Vnode } from '../../tree/vnodes.ts';
import type { Member } from './member.ts';

/** A directory that was in conflict and is the same everywhere now, with its version from then on. */
export interface EvenDirectory {
  readonly fid: Fid;
  readonly version: { readonly versionVector: VersionVector; readonly modified: number };
}

/** Of directories that are marked as being in conflict: those that are equal at all servers (spec/repair.md, 14). */
export async function evenDirectories(
  members: readonly Member[],
  marked: readonly Fid[],
  storeId: StoreId,
): Promise<readonly EvenDirectory[]> {
  const sites = members.map(({ site }) => site);
  const even: EvenDirectory[] = [];
  for (const directory of marked) {
    const found = await Promise.all(members.map(({ remote }) => remote.call('summarise', { directory })));
    const summaries = found.flatMap((summary) => (summary ? [summary] : []));
    const vnodes = summaries.map(({ vnode }) => vnode);
    if (!vnodes.every(({ isRepaired }) => isRepaired) && !isSettledElsewhere(vnodes)) continue;
    const text = summaries.map(summaryText);
    const [first] = text;
    if (first === undefined || text.some((other) => other !== first) || text.length < members.length)
      continue;
    even.push({ fid: directory, version: joined(summaries, storeId, sites) });
  }
  return even;
}

/**
 * Whether a server has an object that is in conflict at others, and no more at that one: it was repaired while they were away,
 * and has all that they have.
 */
export function isSettledElsewhere(vnodes: readonly Vnode[]): boolean {
  const marked = vnodes.filter(isInconsistent);
  return vnodes.some((vnode) => !isInconsistent(vnode) && marked.every((other) => hasAll(vnode, other)));
}

function hasAll(one: Vnode, other: Vnode): boolean {
  const order = compareVectors(one.versionVector, other.versionVector);
  return order === 'equal' || order === 'dominates';
}

/** What must be equal; undefined for files, which are repaired as a whole. */
function summaryText({ vnode, digest }: DirectorySummary): string | undefined {
  if (vnode.type !== 'directory') return undefined;
  const { owner, mode, parent, linkCount, acl }: DirectoryVnode = vnode;
  return JSON.stringify([digest, owner, mode, parent?.vnode, parent?.unique, linkCount, acl]);
}

function joined(
  summaries: readonly DirectorySummary[],
  storeId: StoreId,
  sites: readonly number[],
): EvenDirectory['version'] {
  const vnodes = summaries.map(({ vnode }) => vnode);
  const settled = vnodes.find((one) => !isInconsistent(one) && vnodes.every((other) => hasAll(one, other)));
  const modified = Math.max(...vnodes.map((vnode) => vnode.modified));
  // Servers that are away may have the same: another version would never come to them, as no log is about it.
  if (settled) return { versionVector: settled.versionVector, modified };
  const vectors = vnodes.map(({ versionVector }) => versionVector.versions);
  const largest = (vectors[0] ?? []).map((_, at) =>
    Math.max(...vectors.map((versions) => versions[at] ?? 0)),
  );
  return {
    versionVector: countUp({ versions: largest, storeId, flags: 0 }, sites),
    modified,
  };
}
