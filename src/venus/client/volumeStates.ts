import type { VenusEvent } from '../../ipc/venusEvent.ts';
import type { Events } from './events.ts';
import type { LogObstacle } from '../../ipc/logObstacles.ts';

type State = Pick<Extract<VenusEvent, { kind: 'volumeState' }>, 'state' | 'entries' | 'flags'>;

export interface VolumeStatesOptions {
  readonly events: Events;
  readonly realm: string;
  readonly nameOf: (volume: number) => string;
  readonly entriesIn: (volume: number) => number;
  readonly isReachable: (volume: number) => boolean;
  readonly isSending: (volume: number) => boolean;
  readonly obstacle: (volume: number) => LogObstacle | undefined;
}

/** Tells how volumes are, each time that this has changed (spec/mariner.md, B.2). */
export class VolumeStates {
  readonly #options: VolumeStatesOptions;
  readonly #told = new Map<number, State>();
  readonly #later = new Set<number>();

  constructor(options: VolumeStatesOptions) {
    this.#options = options;
  }

  /**
   * To be called when something has happened to a volume. That its log has grown or shrunk, or is being sent, comes with
   * every change: it waits for {@link flush}.
   */
  note(volume: number): void {
    const state = this.#stateOf(volume);
    const told = this.#told.get(volume);
    if (told && isAlike(told, state)) {
      this.#later.add(volume);
      return;
    }
    this.#tell(volume, state);
  }

  /** Tells what has waited. */
  flush(): void {
    for (const volume of this.#later) {
      const state = this.#stateOf(volume);
      if (!isSame(state, this.#told.get(volume))) this.#tell(volume, state);
    }
    this.#later.clear();
  }

  #tell(volume: number, state: State): void {
    const { events, realm, nameOf } = this.#options;
    this.#later.delete(volume);
    this.#told.set(volume, state);
    events.report({ kind: 'volumeState', volume: nameOf(volume), realm, ...state });
  }

  #stateOf(volume: number): State {
    const { entriesIn, isReachable, isSending, obstacle } = this.#options;
    const entries = entriesIn(volume);
    const why = entries > 0 ? obstacle(volume) : undefined;
    const flags: State['flags'] = [];
    if (why === 'no token') flags.push('unauth');
    if (why === 'conflict') flags.push('conflict');
    const state = isReachable(volume) ? 'reachable' : 'unreachable';
    if (isSending(volume) && state === 'reachable') flags.push('reint');
    return { state, entries, flags };
  }
}

function isAlike(one: State, other: State): boolean {
  return one.state === other.state && lasting(one).join() === lasting(other).join();
}

function isSame(one: State, other: State | undefined): boolean {
  return (
    one.state === other?.state && one.entries === other.entries && one.flags.join() === other.flags.join()
  );
}

function lasting({ flags }: State): readonly string[] {
  return flags.filter((flag) => flag !== 'reint');
}
