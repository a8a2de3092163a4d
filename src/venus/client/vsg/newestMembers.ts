import type { Fid } from '../../../ipc/fid.ts';
import type { GroupMember } from './poll.ts';

/** Objects of which it is known; those that are read once are forgotten together. */
const MOST = 50_000;

interface Known {
  readonly member: GroupMember;
  /** How often it had not answered by then: what it missed when it did not once more is not known. */
  readonly outages: number;
}

/**
 * Which servers had the newest version of an object when they were compared. What belongs to that version, as the names in
 * a directory, is asked of these: one that has just come back may have an older one, or not have the object at all.
 */
export class NewestMembers {
  readonly #known = new Map<string, readonly Known[]>();

  note({ vnode, unique }: Fid, members: readonly GroupMember[]): void {
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(
      `${vnode}.${unique}`,
      members.map((member) => ({ member, outages: member.server.outages })),
    );
  }

  /** Those of some servers that are to be asked about an object: all, if nothing is known. */
  among(members: readonly GroupMember[], { vnode, unique }: Fid): readonly GroupMember[] {
    const known = this.#known.get(`${vnode}.${unique}`) ?? [];
    const isNewest = ({ site, server }: GroupMember) =>
      known.some(({ member, outages }) => member.site === site && outages === server.outages);
    const newest = members.filter(isNewest);
    return newest.length > 0 ? newest : members;
  }
}
