import { noAnswer } from '../net/failure.ts';
import { Link, type Protocol, type Remote, type Service } from '../net/link.ts';
import type { ServerState } from '../net/nodeProtocol.ts';
import type { ServerNode } from './serverNode.ts';

/** Milliseconds that the end of a server waits for what is under way there. */
const PATIENCE = 5000;

/** A server while it runs. */
interface Life {
  readonly node: ServerNode;
  readonly calls: Set<Promise<unknown>>;
  /** Its answers are lost. */
  isLost: boolean;
}

/** A server in this process. It can be ended and opened again; the ways to it stay, and lead to the one there is. */
export class LocalServer {
  readonly #open: () => Promise<ServerNode>;
  #life: Life | undefined;

  constructor(open: () => Promise<ServerNode>) {
    this.#open = open;
  }

  get state(): ServerState {
    return this.#life ? 'up' : 'stopped';
  }

  /** The one that runs. */
  get node(): ServerNode | undefined {
    return this.#life?.node;
  }

  /** @throws InUseError */
  async start(): Promise<void> {
    this.#life ??= { node: await this.#open(), calls: new Set(), isLost: false };
  }

  /** Takes no more calls, and ends when those under way are answered. */
  async stop(): Promise<void> {
    await this.#end(false);
  }

  /**
   * From now on nothing that it has not answered yet is answered. What it has begun comes to its end all the same, since
   * nobody can take a part out of a process.
   */
  async kill(): Promise<void> {
    await this.#end(true);
  }

  /** The way to a service of it. Where it does not run, no answer comes. */
  link<P extends Protocol<P>>(
    service: (node: ServerNode) => Service<P>,
    isUp: () => boolean = () => true,
  ): Remote<P> {
    return {
      call: (name, request) => {
        const life = this.#life;
        if (!life) return Promise.reject(noAnswer());
        const link = new Link<P>(service(life.node), () => isUp() && !life.isLost);
        const call = link.call(name, request);
        const ended = call.then(noop, noop);
        life.calls.add(ended);
        void ended.then(() => life.calls.delete(ended));
        return call;
      },
    };
  }

  async #end(isLost: boolean): Promise<void> {
    const life = this.#life;
    if (!life) return;
    this.#life = undefined;
    life.isLost = isLost;
    // A store that is closed under somebody who reads it is not safe.
    await Promise.race([Promise.all(life.calls), sleep(PATIENCE)]);
    await life.node.close();
  }
}

function noop(): void {}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
