import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { isMaking } from '../../net/mutation.ts';
import { sameFid } from '../../tree/vnodes.ts';
import type { CacheManager } from '../cacheManager.ts';
import type { MadeObject } from '../clientTree.ts';
import type { LogRecord } from '../log/record.ts';
import { FidMap } from './fidMap.ts';
import type { StoredDecision } from './repairStore.ts';

/** What has been decided in a session so far, and what follows from it for the records to come. */
export class Decisions {
  readonly #list: StoredDecision[];
  readonly #bySequence = new Map<number, StoredDecision>();
  readonly #unmade = new Set<string>();
  #map: FidMap;

  constructor(decisions: readonly StoredDecision[]) {
    this.#list = [...decisions];
    this.#map = new FidMap([]);
    this.#learn();
  }

  get all(): readonly StoredDecision[] {
    return this.#list;
  }

  get last(): StoredDecision | undefined {
    return this.#list.at(-1);
  }

  /** Which objects of the workspace stand for those of the log. */
  get map(): FidMap {
    return this.#map;
  }

  of(sequence: number): StoredDecision['decision'] | undefined {
    return this.#bySequence.get(sequence)?.decision;
  }

  /** Whether an object was left out, and nothing stands for it. */
  isUnmade(fid: Fid): boolean {
    return this.#unmade.has(formatFid(fid));
  }

  /** What was made in a workspace with the fids of the log: records that stay are about it. */
  madeIn({ tree: { cache } }: CacheManager): readonly MadeObject[] {
    const mapped = this.#list.flatMap((decision) => decision.mapped);
    return mapped.flatMap(({ from, to }) => {
      const vnode = sameFid(from, to) ? cache.vnodes.find(to) : undefined;
      const name = vnode && cache.vnodes.nameOf(vnode);
      return vnode && name !== undefined ? [{ vnode, name }] : [];
    });
  }

  add(decision: StoredDecision): void {
    this.#list.push(decision);
    this.#note(decision);
  }

  removeLast(): void {
    this.#list.pop();
    this.#bySequence.clear();
    this.#unmade.clear();
    this.#map = new FidMap([]);
    this.#learn();
  }

  #learn(): void {
    for (const decision of this.#list) this.#note(decision);
  }

  #note(decision: StoredDecision): void {
    this.#bySequence.set(decision.sequence, decision);
    if (decision.unmade) this.#unmade.add(formatFid(decision.unmade));
    this.#map.add(decision.mapped);
  }
}

/** What was done about a record. */
export type CarriedOut = Pick<StoredDecision, 'decision' | 'mapped'>;

/** Of a record that is left out: what it would have made, unless something stands for that. */
export function unmadeBy(
  { sequence, mutation }: LogRecord,
  { decision, mapped }: CarriedOut,
): Pick<StoredDecision, 'sequence' | 'unmade'> {
  const isLeftOut = decision !== 'preserved' && mapped.length === 0 && isMaking(mutation);
  return isLeftOut ? { sequence, unmade: mutation.fid } : { sequence };
}
