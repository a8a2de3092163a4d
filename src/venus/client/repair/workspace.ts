import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { Contents } from '../../tree/apply.ts';
import { CacheManager } from '../cacheManager.ts';
import type { LogRecord } from '../log/record.ts';
import type { Patience } from '../patience.ts';
import { UserSession } from '../userSession.ts';

/** Seconds that nothing is old enough after: what is in a workspace goes out when its session is committed. */
const NEVER = 2 ** 31;
/** Fids set aside for what is made in a workspace. */
const FIDS = 1024;
const READ = 256 * 1024;

/**
 * The private copy of a volume on which a repair session works: the servers' view, and on it what the session has
 * changed. It is a client of its own with a log of its own, which nothing sends before the session is committed.
 */
export class Workspace {
  readonly client: CacheManager;
  readonly #directory: string;
  readonly #main: CacheManager;
  readonly #volume: number;

  static async open(main: CacheManager, directory: string, volume: number): Promise<Workspace> {
    const { name, realm, now } = main;
    const client = await CacheManager.open({
      name,
      directory,
      realm: { ...realm, servers: realm.servers.map((server) => ({ ...server.description, link: server })) },
      now,
      capacity: Infinity,
      tokens: main.tokens,
      fidsAtATime: FIDS,
      keepsAllRecords: true,
    });
    await client.settings.set(volume, { age: NEVER, timeLimit: 1 });
    return new Workspace(main, client, directory, volume);
  }

  private constructor(main: CacheManager, client: CacheManager, directory: string, volume: number) {
    this.#volume = volume;
    this.#main = main;
    this.client = client;
    this.#directory = directory;
  }

  session(uid: number, patience?: Patience): UserSession {
    return new UserSession(this.client, uid, patience);
  }

  /** A copy of the contents that a store of the client's log brings. */
  receive(record: LogRecord): Promise<Contents> {
    return this.client.files.receive(this.#contentsOf(record), Infinity);
  }

  /** Others have changed what a server promised to tell about. */
  noticeChanges(): void {
    this.client.tree.cache.validity.breakAll();
  }

  /** Only the servers know what has become of what was sent. What they have not performed, they do not any more. */
  async wasPerformed(volume: number): Promise<boolean> {
    const last = this.client.tree.logs.last(volume);
    // Nothing is left of it here: the answer had come.
    if (!last) return true;
    const server = await this.client.serverOf(volume);
    return (await server.call('fence', { volume, storeId: last.storeId })).wasPerformed;
  }

  close(): Promise<void> {
    return this.client.close();
  }

  /** Closes it for good. */
  async destroy(): Promise<void> {
    await this.client.reintegrator.giveUp(this.#volume);
    await this.close();
    await removeWorkspace(this.#directory);
  }

  async *#contentsOf({ container }: LogRecord): AsyncGenerator<Uint8Array> {
    const file = container === undefined ? undefined : await this.#main.containers.open(container);
    if (!file) return;
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(READ), 0, READ, null);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }
}

/** Removes the workspace of a session that is over. */
export function removeWorkspace(directory: string): Promise<void> {
  return fs.rm(directory, { recursive: true, force: true });
}

/** Where the workspace of a session is. */
export function workspaceIn(clientDirectory: string, id: number): string {
  return join(clientDirectory, 'repairs', String(id));
}
