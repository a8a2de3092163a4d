import { VenusError } from '../../../ipc/errors.ts';
import { errno } from '../../../ipc/errno.ts';
import type { ModifyLogs } from './modifyLog.ts';

/** Milliseconds that somebody waits for the log of another user, if he does not say. */
const PATIENCE = 50_000;

/**
 * Who may change a volume: all records of a log belong to one local uid, its owner. Another one waits until the log is
 * empty and the owner's changes are over (spec/cml.md, 3).
 */
export class Owners {
  readonly #logs: ModifyLogs;
  readonly #onWait: (volume: number, uid: number, owner: number) => void;
  /** Changes under way. */
  readonly #inside = new Map<number, { readonly uid: number; count: number }>();
  readonly #waiting = new Map<number, Set<() => void>>();

  /** @param onWait told when somebody begins to wait for the log of another user */
  constructor(logs: ModifyLogs, onWait: (volume: number, uid: number, owner: number) => void) {
    this.#logs = logs;
    this.#onWait = onWait;
  }

  /**
   * @returns to be called when the change is over
   * @throws VenusError EAGAIN if the volume has belonged to somebody else for too long
   */
  async enter(volume: number, uid: number, patience = PATIENCE): Promise<() => void> {
    const deadline = Date.now() + patience;
    const first = this.#owner(volume, uid);
    if (first !== undefined) this.#onWait(volume, uid, first);
    for (let owner = this.#owner(volume, uid); owner !== undefined; owner = this.#owner(volume, uid)) {
      const left = deadline - Date.now();
      if (left <= 0) throw this.#busy(volume, owner);
      await this.#change(volume, left);
    }
    const inside = this.#inside.get(volume) ?? { uid, count: 0 };
    inside.count += 1;
    this.#inside.set(volume, inside);
    return () => {
      inside.count -= 1;
      if (inside.count === 0) this.#inside.delete(volume);
      this.wake(volume);
    };
  }

  /** To be called when a log has become shorter. */
  wake(volume: number): void {
    for (const wake of this.#waiting.get(volume) ?? []) wake();
    this.#waiting.delete(volume);
  }

  /** Somebody else to whom the volume belongs at the moment. */
  #owner(volume: number, uid: number): number | undefined {
    const owners = [this.#inside.get(volume)?.uid, this.#logs.state(volume).owner];
    return owners.find((owner) => owner !== undefined && owner !== uid);
  }

  #busy(volume: number, owner: number): VenusError {
    const { entries } = this.#logs.state(volume);
    return new VenusError(errno('EAGAIN'), {
      why: `The modify log of the volume belongs to uid ${owner}, with ${entries} entries that are not on the servers yet.`,
    });
  }

  #change(volume: number, patience: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(volume) ?? new Set();
      this.#waiting.set(volume, waiting);
      const giveUp = setTimeout(done, patience);
      function done() {
        clearTimeout(giveUp);
        waiting.delete(done);
        resolve();
      }
      waiting.add(done);
    });
  }
}
