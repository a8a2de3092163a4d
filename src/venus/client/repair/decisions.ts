import { type Fid, formatFid } from '../../../ipc/fid.ts';
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
