import { isErrno } from '../../ipc/errors.ts';
import type { Patience } from './patience.ts';

/** Milliseconds between two tries of what waits for servers (spec/cfs.md, 3.7). */
const PAUSE = 15_000;

/** Which local users wait for servers that cannot be reached, instead of being refused (`cfs waitforever`). */
export class ServerWaits {
  readonly #waiting = new Set<() => void>();
  readonly #users = new Set<number>();

  set(uid: number, forever: boolean): void {
    if (forever) this.#users.add(uid);
    else this.#users.delete(uid);
  }

  /** To be called when a server can be reached again. */
  wake(): void {
    for (const awaken of [...this.#waiting]) awaken();
  }

  /** Does something that needs servers; for a user who waits, again and again until they answer or his time is over. */
  async retried<T>(uid: number, patience: Patience, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isErrno(error, 'ETIMEDOUT') || !this.#users.has(uid) || patience.left() === 0) throw error;
        await this.#change(patience);
      }
    }
  }

  async #change(patience: Patience): Promise<void> {
    let mine: (() => void) | undefined;
    await patience.wait((awaken) => this.#waiting.add((mine = awaken)), PAUSE);
    if (mine) this.#waiting.delete(mine);
  }
}
