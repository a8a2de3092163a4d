/** Deciding about all differences of a directory's replicas in one way: one server's version wins, the newest, or all are kept. */
import type { Comparison } from './compare.ts';
import { type Decision, type Decisions, keepBoth, placesOf, proposalFor } from './decisions.ts';
import {
  type Difference,
  type Holder,
  type Missing,
  type NameConflict,
  type Renamed,
  keyOf,
  newestOf,
} from './differences.ts';
import { fidKey } from './replica.ts';

/** Whose version of what the servers differ in wins. */
export type ReplicaKeep =
  | { readonly kind: 'server'; readonly server: string }
  | { readonly kind: 'newest' }
  /** The newest stays, and the others beside it. */
  | { readonly kind: 'both' };

/** What is known beyond the replicas themselves. */
export interface Chronicle {
  /** Who wrote what a server has. @param path from the object under repair */
  authorOf(server: string, path: string): string | undefined;
  /** When a name was taken away at a server, milliseconds since 1970. */
  removedAt(server: string, name: string): number | undefined;
}

/** What is to become of a difference, for those who are told afterwards. */
export interface Decided {
  readonly difference: Difference;
  readonly decision: Decision;
}

/**
 * Decides about what has no decision yet: what an earlier cycle has decided still holds.
 * @returns what is new
 */
export function decideAll(
  comparison: Comparison,
  decisions: Decisions,
  keep: ReplicaKeep,
  chronicle: Chronicle,
): readonly Decided[] {
  const decided: Decided[] = [];
  for (const difference of comparison.differences) {
    if (decisions.has(keyOf(difference))) continue;
    const decision = decisionFor(difference, comparison, keep, chronicle);
    if (!decision) continue;
    decisions.set(keyOf(difference), decision);
    if (difference.kind === 'name/name' && decision.kind === 'name/name')
      keepWhatStays(difference, decision, decisions);
    decided.push({ difference, decision });
  }
  return decided;
}

/** What keeps a name, or gets another one, is made where it is missing, whatever was there before. */
function keepWhatStays(
  { name, holders }: NameConflict,
  { removed, moved }: Extract<Decision, { kind: 'name/name' }>,
  decisions: Decisions,
): void {
  for (const { replica, status } of holders) {
    if (removed.has(replica.server)) continue;
    const object = fidKey(status.fid);
    decisions.set(`missing ${object} ${moved.get(object) ?? name}`, { kind: 'missing', choice: 'create' });
  }
}

function decisionFor(
  difference: Difference,
  comparison: Comparison,
  keep: ReplicaKeep,
  chronicle: Chronicle,
): Decision | undefined {
  if (keep.kind === 'server') return asAt(keep.server, difference);
  if (difference.kind === 'name/name') {
    if (keep.kind === 'newest') return keepObject(difference, newestOf(difference.holders));
    return keepBoth(difference, comparison.names, new Set(), (holder) =>
      besideWhom(holder, difference.name, chronicle),
    );
  }
  if (difference.kind === 'missing' && keep.kind === 'newest')
    return { kind: 'missing', choice: isRemovalNewer(difference, chronicle) ? 'remove' : 'create' };
  return proposalFor(difference, comparison);
}

/** As `s1.luqi`: the server, and who wrote it. */
export function besideWhom({ replica, status }: Holder, path: string, chronicle: Chronicle): string {
  return `${replica.server}.${chronicle.authorOf(replica.server, path) ?? status.ownerName}`;
}

/** All becomes what it is at one server. */
function asAt(server: string, difference: Difference): Decision | undefined {
  switch (difference.kind) {
    case 'name/name':
      return keepObject(
        difference,
        difference.holders.find(({ replica }) => replica.server === server),
      );
    case 'missing':
      return { kind: 'missing', choice: isAmong(server, difference.holders) ? 'create' : 'remove' };
    case 'renamed':
      return { kind: 'renamed', to: placeAt(server, difference) ?? 'remove' };
    case 'rights': {
      const found = difference.rights.find(({ replica }) => replica.server === server);
      return found && { kind: 'rights', rights: found.rights };
    }
    case 'mode':
    case 'owner': {
      const status = difference.directories.find(({ replica }) => replica.server === server)?.status;
      if (!status) return undefined;
      return difference.kind === 'mode'
        ? { kind: 'mode', mode: status.mode }
        : { kind: 'owner', owner: status.owner };
    }
    case 'update':
    case 'quota':
    case 'version':
      return undefined;
  }
}

/** Everybody's object by a name goes but one; without that one all of them. */
function keepObject({ holders }: NameConflict, kept: Holder | undefined): Decision {
  const gone = holders.filter(({ status }) => !kept || fidKey(status.fid) !== fidKey(kept.status.fid));
  return { kind: 'name/name', removed: new Set(gone.map(({ replica }) => replica.server)), moved: new Map() };
}

function isAmong(server: string, holders: readonly Holder[]): boolean {
  return holders.some(({ replica }) => replica.server === server);
}

function placeAt(server: string, renamed: Renamed) {
  const own = renamed.holders.filter(({ replica }) => replica.server === server);
  return placesOf({ ...renamed, holders: own })[0];
}

/** Where nobody tells when it was removed, it is kept: too much is better than too little. */
function isRemovalNewer({ why, name, holders, lacking }: Missing, chronicle: Chronicle): boolean {
  if (why !== 'removed') return false;
  const removed = Math.max(...lacking.map(({ server }) => chronicle.removedAt(server, name) ?? -Infinity));
  return removed > Math.max(...holders.map(({ status }) => status.modified));
}
