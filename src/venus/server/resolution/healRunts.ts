import { isErrno } from '../../../ipc/errors.ts';
import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { type VersionVector, compareVectors } from '../../../ipc/versionVector.ts';
import { logNote } from '../../log.ts';
import type { SentObject, SiteStep } from '../../net/peerProtocol.ts';
import { INCONSISTENT, isRunt, runtVersion } from '../../tree/version.ts';
import { type Vnode, sameFid } from '../../tree/vnodes.ts';
import type { LoggedUpdate, NamedFid } from './loggedUpdate.ts';
import type { Member } from './member.ts';
import { objectsIn } from './merge.ts';
import { relay } from './relay.ts';

/** Names in a message, and steps that are done at a time. */
const PAGE = 500;

export interface HealedVolume {
  readonly volume: number;
  readonly members: readonly Member[];
  /** Updates that not all servers have: what they are about is none of our business, the merge looks after it. */
  readonly logs: readonly (readonly LoggedUpdate[])[];
  /** Performs steps at one server, as a whole. */
  readonly perform: (member: Member, steps: readonly SiteStep[]) => Promise<void>;
}

interface Replica {
  readonly member: Member;
  readonly vnode: Vnode;
}

/**
 * Gives each runt what the other servers have of the object: contents and status, and to a directory the names that it lacks.
 * Nothing is taken away from a runt: names that only it has stay. What is in no other state than a runt anywhere stays so.
 */
export async function healRunts(healed: HealedVolume): Promise<void> {
  const { volume, members, logs } = healed;
  const lists = await Promise.all(members.map(({ remote }) => remote.call('listRunts', { volume })));
  const runts = lists.flat();
  if (runts.length === 0) return;
  const explained = new Set(objectsIn(logs).map(formatFid));
  const seen = new Set<string>();
  for (let fid = runts.pop(); fid; fid = runts.pop()) {
    const text = formatFid(fid);
    if (seen.has(text) || explained.has(text)) continue;
    seen.add(text);
    // Directories that it lacked are runts until they have their own names.
    runts.push(...(await heal(healed, fid)));
  }
}

/** @returns directories that were made on the way */
async function heal(healed: HealedVolume, fid: Fid): Promise<readonly Fid[]> {
  const replicas = await replicasOf(healed.members, fid);
  const sources = sourcesAmong(replicas);
  if (sources.length === 0) return [];
  const made: Fid[] = [];
  for (const target of replicas.filter(({ vnode }) => isRunt(vnode))) {
    const isDone = target.vnode.type !== 'directory' || (await giveNames(healed, sources, target, made));
    if (!isDone) continue;
    const object = await sentFrom(sources, target.member);
    const count = { step: 'count', fid } as const;
    if (object) await healed.perform(target.member, [{ step: 'copy', object }, count]);
  }
  return made;
}

async function replicasOf(members: readonly Member[], fid: Fid): Promise<readonly Replica[]> {
  const found = await Promise.all(
    members.map(async (member) => {
      const [vnode] = await member.remote.call('readObjects', { fids: [fid] });
      return vnode ? [{ member, vnode }] : [];
    }),
  );
  return found.flat();
}

/** Those with the newest version; none where that cannot be told, or where a person has to decide. */
function sourcesAmong(replicas: readonly Replica[]): readonly Replica[] {
  if (replicas.some(({ vnode }) => (vnode.versionVector.flags & INCONSISTENT) !== 0)) return [];
  const whole = replicas.filter(({ vnode }) => !isRunt(vnode));
  const isNewest = ({ vnode }: Replica) =>
    whole.every((other) => isAtLeast(vnode.versionVector, other.vnode.versionVector));
  return whole.filter(isNewest);
}

function isAtLeast(one: VersionVector, other: VersionVector): boolean {
  const order = compareVectors(one, other);
  return order === 'equal' || order === 'dominates';
}

/** The object from the first server that can read it. @returns undefined if none can */
async function sentFrom(sources: readonly Replica[], to: Member): Promise<SentObject | undefined> {
  for (const { member, vnode } of sources) {
    try {
      return await relay(vnode, member, to);
    } catch (error) {
      if (!isErrno(error, 'EIO')) throw error;
      logNote(`${member.server} has lost the contents of ${formatFid(vnode.fid)}`);
    }
  }
  return undefined;
}

/** Enters the names that a directory lacks. @returns whether it has all of them then */
async function giveNames(
  healed: HealedVolume,
  sources: readonly Replica[],
  target: Replica,
  made: Fid[],
): Promise<boolean> {
  const [source] = sources;
  if (!source) return false;
  const directory = target.vnode.fid;
  let isWhole = true;
  for (let after: string | undefined; ;) {
    const names = await source.member.remote.call('listNames', { directory, after, limit: PAGE });
    const steps: SiteStep[] = [];
    for (const named of await lackedAt(target.member, names)) {
      const child = await childFor(healed, named, target.member);
      if (!child) isWhole = false;
      else {
        if (child.isMade && named.fid.vnode % 2 === 1) made.push(named.fid);
        steps.push(...child.steps);
      }
    }
    if (steps.length > 0) await healed.perform(target.member, steps);
    after = names.at(-1)?.name;
    if (names.length < PAGE) return isWhole;
  }
}

/** Names that are free there, or stand for an object that is not there. */
async function lackedAt({ remote }: Member, names: readonly NamedFid[]): Promise<readonly NamedFid[]> {
  const found = await remote.call('readNames', { names });
  const objects = await remote.call('readObjects', { fids: names.map(({ fid }) => fid) });
  return names.filter(({ fid }, at) => {
    const present = found[at];
    return !present || (sameFid(present, fid) && !objects[at]);
  });
}

async function childFor(
  { members }: HealedVolume,
  named: NamedFid,
  target: Member,
): Promise<{ readonly steps: readonly SiteStep[]; readonly isMade: boolean } | undefined> {
  const replicas = await replicasOf(members, named.fid);
  // Where only the name was lost, it is still counted as a link.
  const enter = [{ step: 'enter', ...named } as const, { step: 'count', fid: named.fid } as const];
  if (replicas.some(({ member }) => member.site === target.site)) return { steps: enter, isMade: false };
  const object = await sentFrom(sourcesAmong(replicas), target);
  if (!object) return undefined;
  const { vnode } = object;
  const whole = vnode.type === 'directory' ? { ...vnode, versionVector: runtVersion(vnode) } : vnode;
  const make = { step: 'make', object: { ...object, vnode: whole } } as const;
  // A name that stands for nothing is made anew, so that it is counted.
  return { steps: [{ step: 'leave', ...named }, make, ...enter], isMade: true };
}
