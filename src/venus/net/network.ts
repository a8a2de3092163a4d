import { Link, type Protocol, type Service } from './link.ts';

/** Who can reach whom: every way is open until it is cut. */
export class Network {
  readonly #cut = new Set<string>();

  connect<P extends Protocol<P>>(from: string, to: string, service: Service<P>): Link<P> {
    return new Link(service, () => !this.#cut.has(way(from, to)));
  }

  /** No message passes between the two any more; answers that are under way are lost. */
  cut(one: string, other: string): void {
    this.#cut.add(way(one, other));
  }

  isCut(one: string, other: string): boolean {
    return this.#cut.has(way(one, other));
  }

  heal(one: string, other: string): void {
    this.#cut.delete(way(one, other));
  }
}

function way(one: string, other: string): string {
  return [one, other].sort().join('\n');
}
