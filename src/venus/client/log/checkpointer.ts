import type { ArchiveFormat } from '../../../cml/archive/entry.ts';
import { ArchiveLimitError } from '../../../cml/archive/errors.ts';
import { isErrno } from '../../../ipc/errors.ts';
import { fail } from '../../fail.ts';
import { logFault } from '../../log.ts';
import type { Containers } from '../../store/containers.ts';
import { type ClientTree, OvertakenError } from '../clientTree.ts';
import type { Events } from '../events.ts';
import { type CheckpointPlace, type LogCheckpoint, checkpoint } from './checkpoint.ts';
import type { LogState } from './modifyLog.ts';

/** Milliseconds between two automatic checkpoints of a log that changes (spec/cml.md, 5.1). */
export const CHECKPOINT_INTERVAL = 10 * 60_000;
/** Milliseconds that a record waits for its checkpoint before it is marked as conflict without one. */
const CONFLICT_PATIENCE = 60_000;
/** How often a checkpoint is begun again because the log became another one meanwhile. */
const ATTEMPTS = 5;
/** Holds any log. */
const LIMITLESS: ArchiveFormat = 'pax';

export interface CheckpointerOptions {
  readonly tree: ClientTree;
  readonly containers: Containers;
  readonly events: Events;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Of automatic checkpoints, and of those for which nothing else is asked. */
  readonly format?: ArchiveFormat | undefined;
  /** Milliseconds between automatic checkpoints, if not {@link CHECKPOINT_INTERVAL}. */
  readonly interval?: number | undefined;
  /** Where the checkpoint of a volume goes, and what it is called, as a local user knows it. */
  readonly place: (volume: number, uid: number) => Promise<CheckpointPlace>;
}

/** What is known of the checkpoints of a log. */
interface Covered {
  /** The log as it was when the last one was written; each change of a log makes a new state. */
  readonly state: LogState | undefined;
  /** When the next interval began. */
  readonly since: number;
}

/** Writes the checkpoints of a client: on demand, while logs change, and before a conflict. One of a log at a time. */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #covered = new Map<number, Covered>();
  /** The checkpoint of a volume that is written at the moment, with those that wait for it. */
  readonly #running = new Map<number, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /**
   * Writes the log of a volume to the spool.
   * @param options.uid the local user by whose rights the volume's mount point is found, if not the log's owner
   * @throws VenusError ENOENT for an empty log, EAGAIN for one that changes too fast; what {@link checkpoint} throws
   */
  write(
    volume: number,
    options: { readonly uid?: number; readonly format?: ArchiveFormat | undefined } = {},
  ): Promise<LogCheckpoint> {
    const { format = this.#options.format ?? LIMITLESS } = options;
    const before = this.#running.get(volume) ?? Promise.resolve();
    const written = before.then(() => this.#write(volume, options.uid, format));
    const ended = written.then(nothing, nothing).then(() => {
      if (this.#running.get(volume) === ended) this.#running.delete(volume);
    });
    this.#running.set(volume, ended);
    return written;
  }

  isWriting(volume: number): boolean {
    return this.#running.has(volume);
  }

  /** To be called often: begins the automatic checkpoints that are due. What goes wrong is logged. */
  look(): void {
    const { tree, now, interval = CHECKPOINT_INTERVAL } = this.#options;
    const waiting = new Set(tree.logs.volumes());
    for (const volume of this.#covered.keys()) if (!waiting.has(volume)) this.#covered.delete(volume);
    for (const volume of waiting) {
      const { state, since } = this.#covered.get(volume) ?? this.#note(volume, undefined);
      if (state !== tree.logs.state(volume) && now() - since >= interval) void this.#writeIfPossible(volume);
    }
  }

  /** Resolves when the log has been copied, or could not be, or that takes too long. */
  async beforeConflict(volume: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, CONFLICT_PATIENCE)));
    await Promise.race([this.#writeIfPossible(volume), patience]);
    clearTimeout(timer);
  }

  /** Abandons what is being written, which leaves nothing behind. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#running.values());
  }

  async #write(volume: number, uid: number | undefined, format: ArchiveFormat): Promise<LogCheckpoint> {
    const { tree, containers, events, place } = this.#options;
    const { signal } = this.#closing;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      signal.throwIfAborted();
      const { owner } = tree.logs.state(volume);
      if (owner === undefined) fail('ENOENT', 'The modify log is empty.');
      const where = await place(volume, uid ?? owner);
      signal.throwIfAborted();
      const state = tree.logs.state(volume);
      try {
        const written = await checkpoint(tree, containers, { ...where, volume, format, signal });
        this.#note(volume, state);
        const { archive, entries } = written;
        events.report({ kind: 'checkpoint', volume: where.volumeName, path: archive, entries });
        return written;
      } catch (error) {
        if (!(error instanceof OvertakenError)) throw error;
      }
    }
    return fail('EAGAIN', 'The modify log changes faster than it can be copied.');
  }

  #note(volume: number, state: LogState | undefined): Covered {
    const covered = { state, since: this.#options.now() };
    this.#covered.set(volume, covered);
    return covered;
  }

  async #writeIfPossible(volume: number): Promise<void> {
    // The next one is due an interval after this one has begun, whatever comes of it.
    this.#note(volume, this.#covered.get(volume)?.state);
    try {
      await this.#writeInSomeFormat(volume);
    } catch (error) {
      if (this.#closing.signal.aborted || isErrno(error, 'ENOENT')) return;
      logFault(`checkpoint of ${volume.toString(16)}`, error);
    }
  }

  /** A copy matters more than its format. */
  async #writeInSomeFormat(volume: number): Promise<LogCheckpoint> {
    try {
      return await this.write(volume);
    } catch (error) {
      if (!(error instanceof ArchiveLimitError)) throw error;
      logFault(`checkpoint of ${volume.toString(16)}, now in ${LIMITLESS}`, error);
      return this.write(volume, { format: LIMITLESS });
    }
  }
}

function nothing(): void {}
