/** Weights of recency and of hoarding (spec/hoard.md, 10). */
export const [RECENCY_WEIGHT, HOARD_WEIGHT] = [25, 75];
/** Of what somebody asks for, and below which the last part of the cache is not touched. */
export const [DEMAND_PRIORITY, MARGIN_PRIORITY] = [62_500, 25_000];
/** The part of a cache that is kept for priorities above the margin: one in so many. */
export const MARGIN_PART = 16;
const [HIGHEST, LOWEST_RANK] = [1000, 999];

export interface Wanted {
  readonly hoardPriority: number;
  /** References to other objects since it was used; none if it never was. */
  readonly spread: number | undefined;
}

/** @param capacity objects that the cache holds */
export function priorityOf({ hoardPriority, spread }: Wanted, capacity: number): number {
  return RECENCY_WEIGHT * recencyOf(spread, capacity) + HOARD_WEIGHT * hoardPriority;
}

export function recencyOf(spread: number | undefined, capacity: number): number {
  return spread === undefined ? 0 : HIGHEST - rankOf(spread, capacity);
}

/** A cache of many objects looks further back than one of few. */
export function rankOf(spread: number, capacity: number): number {
  const scale = Number.isFinite(capacity) ? Math.max(1, 2 ** Math.floor(Math.log2(capacity / HIGHEST))) : 1;
  return Math.min(LOWEST_RANK, Math.floor(spread / scale));
}
