/** What a resolution comes to at a server, in parts that fit into messages. */
import type { SiteResult } from '../../net/peerProtocol.ts';

/** Items of all lists together in one part: a megabyte or so at most. */
export const PART = 2000;

export const NOTHING: SiteResult = {
  steps: [],
  learned: [],
  versions: [],
  inconsistent: [],
  conflicts: [],
  concluded: [],
  isEven: false,
  isComplete: false,
};

/** @returns what has to be sent ahead, and what is sent at the end, which says what holds for all of it */
export function inParts(result: SiteResult): {
  readonly ahead: readonly SiteResult[];
  readonly last: SiteResult;
} {
  const ahead: SiteResult[] = [];
  let rest = result;
  while (sizeOf(rest) > PART) {
    const { part, others } = split(rest);
    ahead.push(part);
    rest = others;
  }
  return { ahead, last: rest };
}

function split(result: SiteResult): { readonly part: SiteResult; readonly others: SiteResult } {
  let room = PART;
  const take = <Item>(items: readonly Item[]): readonly [readonly Item[], readonly Item[]] => {
    const taken = items.slice(0, room);
    room -= taken.length;
    return [taken, items.slice(taken.length)];
  };
  const [steps, otherSteps] = take(result.steps);
  const [learned, otherLearned] = take(result.learned);
  const [versions, otherVersions] = take(result.versions);
  const [inconsistent, otherInconsistent] = take(result.inconsistent);
  const [conflicts, otherConflicts] = take(result.conflicts);
  const [concluded, otherConcluded] = take(result.concluded);
  return {
    part: { ...NOTHING, steps, learned, versions, inconsistent, conflicts, concluded },
    others: {
      ...result,
      steps: otherSteps,
      learned: otherLearned,
      versions: otherVersions,
      inconsistent: otherInconsistent,
      conflicts: otherConflicts,
      concluded: otherConcluded,
    },
  };
}

function sizeOf({ steps, learned, versions, inconsistent, conflicts, concluded }: SiteResult): number {
  return [steps, learned, versions, inconsistent, conflicts, concluded].reduce(
    (sum, { length }) => sum + length,
    0,
  );
}

/** Parts that came ahead of their end. Those of a resolution that was given up are never performed. */
export class StagedResults {
  readonly #staged = new Map<number, { readonly holder: string; readonly parts: SiteResult[] }>();

  add(volume: number, holder: string, part: SiteResult): void {
    const present = this.#staged.get(volume);
    if (present?.holder === holder) present.parts.push(part);
    else this.#staged.set(volume, { holder, parts: [part] });
  }

  /** All of a result, whose end this is. */
  take(volume: number, holder: string, last: SiteResult): SiteResult {
    const present = this.#staged.get(volume);
    if (present?.holder !== holder) return last;
    this.#staged.delete(volume);
    const parts = [...present.parts, last];
    return {
      ...last,
      steps: parts.flatMap(({ steps }) => steps),
      learned: parts.flatMap(({ learned }) => learned),
      versions: parts.flatMap(({ versions }) => versions),
      inconsistent: parts.flatMap(({ inconsistent }) => inconsistent),
      conflicts: parts.flatMap(({ conflicts }) => conflicts),
      concluded: parts.flatMap(({ concluded }) => concluded),
    };
  }

  drop(volume: number, holder: string): void {
    if (this.#staged.get(volume)?.holder === holder) this.#staged.delete(volume);
  }
}
