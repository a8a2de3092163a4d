import type { Fid } from '../../ipc/fid.ts';
import type { CallbackProtocol } from '../net/callbackProtocol.ts';
import type { Remote } from '../net/link.ts';

/** Milliseconds after which a client that could not be told is tried again. */
const RETRY = 500;
/** Objects of which one client is promised news; beyond, it is told to ask again about all of them. */
const MAX_PROMISES = 1_000_000;

interface Client {
  readonly link: Remote<CallbackProtocol>;
  readonly promises: Map<string, Fid>;
  /** The client could not be told of something: until it can, it may hold what is old. */
  isBehind: boolean;
}

/**
 * The promises of a file server to its clients: to tell them when an object that they keep is changed by somebody
 * else. A client that cannot be reached is told when it can be reached again that no promise was kept.
 */
export class Callbacks {
  readonly #clients = new Map<string, Client>();
  #retry: NodeJS.Timeout | undefined;

  /** Makes a client known, under the name by which it asks. */
  connect(name: string, link: Remote<CallbackProtocol>): void {
    this.#clients.set(name, { link, promises: new Map(), isBehind: false });
  }

  promise(client: string, fid: Fid): void {
    const known = this.#clients.get(client);
    if (!known) return;
    if (known.promises.size >= MAX_PROMISES) this.#fallBehind(known);
    known.promises.set(text(fid), fid);
  }

  /** Tells all clients but the one that changed the objects. Resolves when those that can be reached know. */
  async break(fids: readonly Fid[], by: string | undefined): Promise<void> {
    const told: Promise<void>[] = [];
    for (const [name, client] of this.#clients) {
      if (name === by) continue;
      const promised = fids.filter((fid) => client.promises.delete(text(fid)));
      if (promised.length > 0) told.push(this.#tell(client, promised));
    }
    await Promise.all(told);
  }

  /** Tells all clients that nothing holds any more, as when somebody's rights have changed. */
  async breakAll(): Promise<void> {
    for (const client of this.#clients.values()) this.#fallBehind(client);
    await this.#catchUp();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#clients.clear();
  }

  async #tell(client: Client, fids: readonly Fid[]): Promise<void> {
    try {
      await client.link.call('breakCallbacks', { fids });
    } catch {
      this.#fallBehind(client);
    }
  }

  #fallBehind(client: Client): void {
    client.promises.clear();
    client.isBehind = true;
    this.#retry ??= setTimeout(() => void this.#catchUp(), RETRY).unref();
  }

  /** Tries those that could not be reached. */
  async #catchUp(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    await Promise.all(
      [...this.#clients.values()].map(async (client) => {
        if (!client.isBehind) return;
        client.isBehind = false;
        try {
          await client.link.call('breakAll', null);
        } catch {
          this.#fallBehind(client);
        }
      }),
    );
  }

  /** As {@link Callbacks.breakAll}, for those only that are behind: a way to them may be open again. */
  async retry(): Promise<void> {
    await this.#catchUp();
  }
}

function text({ volume, vnode, unique }: Fid): string {
  return `${volume}.${vnode}.${unique}`;
}
