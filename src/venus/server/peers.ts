import { logFault } from '../log.ts';
import type { Remote } from '../net/link.ts';
import type { PeerProtocol } from '../net/peerProtocol.ts';

type Links = ReadonlyMap<string, Remote<PeerProtocol>>;

/** The other servers of the realm, as a file server reaches them. */
export class Peers {
  readonly #links: Links;
  readonly #watchers = new Set<() => void>();

  constructor(links: Links) {
    this.#links = links;
  }

  /** Of all of them, whether they can be reached or not. */
  get names(): readonly string[] {
    return [...this.#links.keys()];
  }

  /** The way to a server; none to one that is not of the realm, and to the server itself. */
  link(name: string): Remote<PeerProtocol> | undefined {
    return this.#links.get(name);
  }

  /** The names of those that answer now. */
  async reachable(): Promise<readonly string[]> {
    const asked = [...this.#links].map(([name, link]) =>
      link.call('probe', null).then(
        () => [name],
        () => [],
      ),
    );
    return (await Promise.all(asked)).flat();
  }

  /**
   * Calls back whenever another server may be reachable that was not before, or the other way round: a way between the two
   * was cut or healed, or the other one has come up. There need be no difference. @returns what ends that
   */
  onChange(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  noteChange(): void {
    for (const watcher of this.#watchers) {
      try {
        watcher();
      } catch (error) {
        logFault('peers', error);
      }
    }
  }
}
