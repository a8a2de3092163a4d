/** The rights of an access list, as bits (spec/cfs.md, 7.3), in the order in which they are always shown. */
const letters = [
  ['r', 1],
  ['l', 8],
  ['i', 4],
  ['d', 16],
  ['w', 2],
  ['k', 32],
  ['a', 64],
] as const;

export const Right = {
  Read: 1,
  Write: 2,
  Insert: 4,
  Lookup: 8,
  Delete: 16,
  Lock: 32,
  Administer: 64,
} as const;

export const ALL_RIGHTS = 127;

/** `rlidwka` or a part of it; empty for no rights. Bits that have no letter do not show. */
export function formatRights(rights: number): string {
  return letters
    .filter(([, bit]) => (rights & bit) !== 0)
    .map(([letter]) => letter)
    .join('');
}

/**
 * Reads what a user types: letters in any order, `all`, `none`, or nothing.
 * @returns undefined for anything else
 */
export function parseRights(word: string): number | undefined {
  if (word === 'all') return ALL_RIGHTS;
  if (word === 'none') return 0;
  let rights = 0;
  for (const character of word) {
    const bit = letters.find(([letter]) => letter === character)?.[1];
    if (bit === undefined) return undefined;
    rights |= bit;
  }
  return rights;
}
