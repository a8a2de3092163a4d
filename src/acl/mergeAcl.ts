import type { AccessEntry, AccessList, AclSide } from './accessList.ts';

/**
 * Puts changes into an access list, as setacl does (spec/cfs.md, 7.4). An entry whose name is there already,
 * in any case of letters, gets new rights and keeps its spelling; others are added at the end. Rights of 0 remove.
 * @param side the half that changes; the other one stays
 */
export function mergeAcl(list: AccessList, changes: readonly AccessEntry[], side: AclSide): AccessList {
  const entries = [...list[side]];
  for (const change of changes) {
    const at = entries.findIndex(({ name }) => sameName(name, change.name));
    const present = entries[at];
    if (present) entries[at] = { name: present.name, rights: change.rights };
    else entries.push(change);
  }
  return { ...list, [side]: entries.filter(({ rights }) => rights !== 0) };
}

/** Compared as the C tools do: letters of ASCII without regard to case, all else exactly. */
export function sameName(one: string, other: string): boolean {
  return lower(one) === lower(other);
}

/** Whether two lists give the same rights to the same names; order does not count. */
export function sameAcl(one: AccessList, other: AccessList): boolean {
  return sameEntries(one.positive, other.positive) && sameEntries(one.negative, other.negative);
}

function sameEntries(some: readonly AccessEntry[], others: readonly AccessEntry[]): boolean {
  const key = ({ name, rights }: AccessEntry) => `${name}\t${rights}`;
  return some.map(key).sort().join('\n') === others.map(key).sort().join('\n');
}

function lower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
