const [SEED_ONE, SEED_TWO, PRIME_ONE, PRIME_TWO] = [0xdeadbeef, 0x41c6ce57, 2654435761, 1597334677];
/** Bits of the upper half of a number that a double holds. */
const UPPER = 2 ** 20;

/** A number for an object, the same for all its names; of 52 bits, so that two of them are hardly ever the same. */
export function inodeOf(identity: string): number {
  let [one, two] = [SEED_ONE, SEED_TWO];
  for (let at = 0; at < identity.length; at++) {
    const code = identity.charCodeAt(at);
    one = Math.imul(one ^ code, PRIME_ONE);
    two = Math.imul(two ^ code, PRIME_TWO);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return ((two >>> 0) % UPPER) * 2 ** 32 + (one >>> 0) || 1;
}
