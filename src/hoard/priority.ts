/** The priority of an object in the cache, as Coda computes it (spec/hoard.md, 10). */

export const LOWEST_PRIORITY = 1;
export const HIGHEST_PRIORITY = 1000;
/** Of an entry that names none. */
export const DEFAULT_PRIORITY = 10;

/** What hoarding and recency count for. */
export const HOARD_WEIGHT = 75;
export const RECENCY_WEIGHT = 25;
/** The part of an ordinary request for something that is not here yet. */
export const REQUEST_PRIORITY = 62_500;
/** Below it the last part of the cache is not to be used. */
export const MARGINAL_PRIORITY = 25_000;
export const RESERVED_PART = 1 / 16;

/** Ranks end here; two references make one (the scaling of C venus, spec/hoard.md, 12, 13). */
const [LAST_RANK, REFERENCES_PER_RANK] = [999, 2];
const HIGHEST_RECENCY = 1000;

/** @param spread references to other objects since it was used itself */
export function recencyRank(spread: number): number {
  return Math.min(LAST_RANK, Math.floor(spread / REFERENCES_PER_RANK));
}

/** spri. @param spread as {@link recencyRank} has it; undefined for what was never used */
export function recencyPriority(spread: number | undefined): number {
  return spread === undefined ? 0 : HIGHEST_RECENCY - recencyRank(spread);
}

/** @param hoarded mpri, the highest of the entries that bring it, 0 without one. @param recency spri */
export function objectPriority(hoarded: number, recency: number): number {
  return HOARD_WEIGHT * hoarded + RECENCY_WEIGHT * recency;
}
