import { VenusError } from '../../../ipc/errors.ts';
import { errno } from '../../../ipc/errno.ts';
import type { Patience } from '../patience.ts';
import type { ModifyLogs } from './modifyLog.ts';

/**
 * Who may change a volume: all records of a log belong to one local uid, its owner. Another one waits until the log is
 * empty and the owner's changes are over (spec/cml.md, 3).
 */
export class Owners {
  readonly #logs: ModifyLogs;
  readonly #onWait: (volume: number, uid: number, owner: number) => void;
  /** Changes under way. */
  readonly #inside = new Map<number, { readonly uid: number; count: number }>();
  readonly #waiting = new Map<number, Set<Waiter>>();

  /** @param onWait told when somebody begins to wait for the log of another user */
  constructor(logs: ModifyLogs, onWait: (volume: number, uid: number, owner: number) => void) {
    this.#logs = logs;
    this.#onWait = onWait;
  }

  /**
   * @returns to be called when the change is over
   * @throws VenusError EAGAIN if the volume belongs to somebody else for longer than one waits
   */
  async enter(volume: number, uid: number, patience: Patience): Promise<() => void> {
    const first = this.#owner(volume, uid);
    if (first !== undefined) this.#onWait(volume, uid, first);
    for (let owner = this.#owner(volume, uid); owner !== undefined; owner = this.#owner(volume, uid)) {
      if (patience.left() === 0) throw this.#busy(volume, owner);
      await this.#change(volume, uid, patience);
    }
    // Nobody is told of a change that is made now.
    if (patience.gone?.aborted) throw new VenusError(errno('EINTR'));
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
    for (const { awaken } of [...(this.#waiting.get(volume) ?? [])]) awaken();
  }

  /** Local uids that wait to change a volume, each of them once. */
  waiting(volume: number): readonly number[] {
    return [...new Set(Array.from(this.#waiting.get(volume) ?? [], ({ uid }) => uid))];
  }

  /** Somebody else to whom the volume belongs at the moment. */
  #owner(volume: number, uid: number): number | undefined {
    const owners = [this.#inside.get(volume)?.uid, this.#logs.state(volume).owner];
    return owners.find((owner) => owner !== undefined && owner !== uid);
  }

  #busy(volume: number, owner: number): VenusError {
    const { entries } = this.#logs.state(volume);
    if (entries === 0)
      return new VenusError(errno('EAGAIN'), {
        why: `Uid ${owner} changes the volume at this moment.`,
        next: 'Try again in a moment.',
      });
    const count = entries === 1 ? '1 entry that is' : `${entries} entries that are`;
    return new VenusError(errno('EAGAIN'), {
      why: `The modify log of the volume belongs to uid ${owner}, with ${count} not on the servers yet: until they are, nobody else can change it.`,
      next: 'See what holds them up: coda doctor',
    });
  }

  async #change(volume: number, uid: number, patience: Patience): Promise<void> {
    const waiting = this.#waiting.get(volume) ?? new Set();
    this.#waiting.set(volume, waiting);
    let waiter: Waiter | undefined;
    await patience.wait((awaken) => waiting.add((waiter = { uid, awaken })));
    if (waiter) waiting.delete(waiter);
    if (waiting.size === 0) this.#waiting.delete(volume);
  }
}

/** Somebody who waits until a volume may be his. */
interface Waiter {
  readonly uid: number;
  readonly awaken: () => void;
}
