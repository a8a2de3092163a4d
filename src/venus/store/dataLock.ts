import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { InUseError } from '../../ipc/errors.ts';

/** What is known of the process that holds a data directory. */
interface Holder {
  readonly pid: number;
  readonly socket: string;
}

const FILE = 'venus.pid';
/** Milliseconds between two tries to get what another process is about to give up. */
const RETRY = 20;

/**
 * The right to use a data directory, for one process at a time. The kernel gives it back when the process ends,
 * however it ends: it is an abstract socket named after the directory's inode.
 */
export class DataLock {
  readonly #server: Server;
  readonly #file: string;

  /** @throws InUseError, with the pid of the process that holds it */
  static async take(directory: string, socket: string): Promise<DataLock> {
    const { dev, ino } = statSync(directory);
    const server = createServer((stranger) => stranger.destroy());
    const taken = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(false);
        else reject(error);
      });
      server.listen(`\0coda-toolkit:${dev}:${ino}`, () => resolve(true));
    });
    if (!taken) throw inUse(directory);
    server.unref();
    return new DataLock(server, directory, { pid: process.pid, socket });
  }

  /**
   * As {@link DataLock.take}, for the part of a data directory that one node uses. The process that had it before may
   * still be ending.
   * @param patience milliseconds
   */
  static async wait(directory: string, patience: number): Promise<DataLock> {
    for (const end = Date.now() + patience; ;) {
      try {
        return await DataLock.take(directory, '');
      } catch (error) {
        if (!(error instanceof InUseError) || Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  }

  private constructor(server: Server, directory: string, holder: Holder) {
    this.#server = server;
    this.#file = join(directory, FILE);
    writeFileSync(this.#file, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  }

  release(): void {
    rmSync(this.#file, { force: true });
    this.#server.close();
  }
}

function inUse(directory: string): InUseError {
  const holder = readHolder(join(directory, FILE));
  const who = holder === undefined ? 'another venus' : `the venus with pid ${holder.pid}`;
  return new InUseError(`${directory}: in use by ${who}`, {
    why: 'Two venuses on one data directory would ruin it.',
    next: howToStop(holder),
  });
}

function howToStop(holder: Holder | undefined): string {
  if (holder === undefined) return 'Stop it with: coda down';
  return holder.socket === ''
    ? `It should have ended with the venus that started it. End it with: kill -9 ${holder.pid}`
    : `Stop it with: coda down --venus unix:${holder.socket}`;
}

function readHolder(file: string): Holder | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof found !== 'object' || found === null || !('pid' in found) || !('socket' in found))
      return undefined;
    const { pid, socket } = found;
    return typeof pid === 'number' && typeof socket === 'string' ? { pid, socket } : undefined;
  } catch {
    return undefined;
  }
}
