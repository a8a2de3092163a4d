import { Link, type Protocol, type Service } from './link.ts';

/** The names of two nodes. */
export interface NodePair {
  readonly one: string;
  readonly other: string;
}

/** Who can reach whom: every way is open until it is cut. */
export class Network {
  #cut = new Map<string, NodePair>();
  readonly #watchers = new Set<(pair: NodePair) => void>();

  connect<P extends Protocol<P>>(from: string, to: string, service: Service<P>): Link<P> {
    return new Link(service, () => !this.isCut(from, to));
  }

  /** No message passes between the two any more; answers that are under way are lost. */
  cut(one: string, other: string): void {
    this.setCut([...this.#cut.values(), { one, other }]);
  }

  isCut(one: string, other: string): boolean {
    return this.#cut.has(way(one, other));
  }

  heal(one: string, other: string): void {
    this.#cut.delete(way(one, other));
  }

  /** Cuts these ways, and heals all others. */
  setCut(pairs: readonly NodePair[]): void {
    const before = this.#cut;
    this.#cut = new Map(pairs.map((pair) => [way(pair.one, pair.other), pair]));
    for (const [key, pair] of this.#cut) {
      if (!before.has(key)) for (const watcher of this.#watchers) watcher(pair);
    }
  }

  /** Calls back for each way that is cut from now on. @returns what ends that */
  onCut(watcher: (pair: NodePair) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

function way(one: string, other: string): string {
  return [one, other].sort().join('\n');
}
