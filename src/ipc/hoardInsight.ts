import type {
  CacheExplanation,
  CacheFacts,
  HoardEntry,
  HoardPlan,
  HoardSummary,
  HoardWalk,
  HoardedObject,
  NewEntry,
  WalkProgress,
  Amount,
} from './hoard.ts';

/** What can be asked about hoarding beyond the pioctls. Fields that may be absent are unknown then. */
export interface HoardInsight {
  /** The hoard database, in no order. @param uid owner of the entries; everybody's if absent */
  entries(uid?: number): AsyncIterable<HoardEntry>;
  /** Adds all of the entries or none; each replaces the one of its name. @returns how many came */
  add(entries: Iterable<NewEntry>): Promise<number>;
  /** What is to be here and what of it is. */
  state(wanted: WantedState): AsyncGenerator<HoardedObject, HoardSummary>;
  /**
   * What it would take to hoard entries besides the present ones, or instead of them.
   * @param progress told what has been looked at so far
   */
  plan(
    entries: Iterable<NewEntry>,
    options: { readonly replace: boolean; readonly progress: (looked: Amount) => void },
  ): Promise<HoardPlan>;
  /** @param path as venus wants it. @throws VenusError ENOENT for what is not known here */
  explain(path: string): Promise<CacheExplanation>;
  /** Walks, after a walk that may be under way. The walk ends if nobody waits for it any more; what came stays. */
  walk(progress: (progress: WalkProgress) => void): Promise<HoardWalk>;
  facts(): Promise<CacheFacts>;
}

export interface WantedState {
  /** Owner of the entries. */
  readonly uid?: number;
  /** Only what is stale or missing; the summary is of all. */
  readonly problems: boolean;
}
