import { RefusedError } from '../../ipc/errors.ts';
import type { ServerAction, ServerReport } from '../net/nodeProtocol.ts';
import type { ServerDescription } from '../net/realmProtocol.ts';
import type { ServerSwitch } from './nodes.ts';
import { serverDirectory } from './serverNode.ts';
import { emptyStore } from './serverStore.ts';

export interface ServerControlOptions {
  readonly dataDirectory: string;
  readonly servers: readonly ServerDescription[];
  readonly switches: ReadonlyMap<string, ServerSwitch>;
  /** Names of the volumes of which a server has a replica. */
  readonly volumesOn: (server: string) => readonly string[];
}

/** Stops and starts the servers of a venus on command, one command after the other. */
export class ServerControl {
  readonly #options: ServerControlOptions;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: ServerControlOptions) {
    this.#options = options;
  }

  async list(): Promise<readonly ServerReport[]> {
    const { servers, switches, volumesOn } = this.#options;
    return Promise.all(
      servers.map(async ({ name, address }) => {
        const found = switches.get(name);
        const state = found?.state ?? 'stopped';
        const reaches = state === 'up' ? await found?.reaches().catch(() => []) : [];
        return { name, address, state, pid: found?.pid, volumes: volumesOn(name), reaches: reaches ?? [] };
      }),
    );
  }

  /**
   * Does it, unless it is so already.
   * @throws RefusedError unknown-name, server-up
   */
  change(name: string, action: ServerAction): Promise<void> {
    const done = this.#last.then(() => this.#change(name, action));
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Takes no more commands. Resolves when the last one is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }

  async #change(name: string, action: ServerAction): Promise<void> {
    if (this.#isClosed) throw new RefusedError('shutting-down', 'venus is shutting down');
    const server = this.#named(name);
    if (action === 'empty') await this.#empty(name, server);
    else if (action === 'start') await (server.state === 'up' ? undefined : server.start());
    else if (server.state !== 'stopped') await server[action]();
  }

  async #empty(name: string, { state }: ServerSwitch): Promise<void> {
    if (state !== 'stopped')
      throw new RefusedError('server-up', `server ${name} runs`, {
        why: 'What it uses is not taken away from it.',
        next: `coda realm server stop ${name}`,
      });
    await emptyStore(serverDirectory(this.#options.dataDirectory, name));
  }

  #named(name: string): ServerSwitch {
    const { switches } = this.#options;
    const found = switches.get(name);
    if (found) return found;
    throw new RefusedError('unknown-name', `there is no server ${name}`, {
      next: `Those that there are: ${[...switches.keys()].join(', ')}`,
    });
  }
}
