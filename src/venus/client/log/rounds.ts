import type { NewVenusEvent } from '../../../ipc/venusEvent.ts';
import { type LogRecord, bytesOf } from './record.ts';
import type { LogObstacle } from '../../../ipc/logObstacles.ts';

export interface RoundsOptions {
  readonly report: (event: NewVenusEvent) => void;
  readonly nameOf: (volume: number) => string;
  readonly entriesIn: (volume: number) => number;
  /** Called when a round has begun, and when it is over. */
  readonly onChange: (volume: number) => void;
}

/** How far a reintegration is, in records: those of the log that were there or came meanwhile. */
export interface RoundProgress {
  readonly done: number;
  readonly total: number;
}

interface Round {
  readonly uid: number;
  done: number;
  bytes: number;
  isTold: boolean;
}

/** Attempts that end like this are repeated every second; one is only told of when it gets somewhere. */
const TRIED_AGAIN: ReadonlySet<LogObstacle | undefined> = new Set(['unreachable', 'fault']);

/** Follows the reintegrations of a client, and tells how far they are. */
export class Rounds {
  readonly #options: RoundsOptions;
  readonly #running = new Map<number, Round>();
  /** What the last round of a volume ended with. */
  readonly #obstacles = new Map<number, LogObstacle>();

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  progress(volume: number): RoundProgress | undefined {
    const round = this.#running.get(volume);
    return round && { done: round.done, total: round.done + this.#options.entriesIn(volume) };
  }

  /** A batch is about to be sent. */
  begin(volume: number, { uid }: LogRecord): void {
    if (this.#running.has(volume)) return;
    const round = { uid, done: 0, bytes: 0, isTold: false };
    this.#running.set(volume, round);
    if (!TRIED_AGAIN.has(this.#obstacles.get(volume))) this.#tellBegin(volume, round);
  }

  /** The servers have performed a batch, and it is not in the log any more. */
  settled(volume: number, batch: readonly LogRecord[]): void {
    const round = this.#running.get(volume);
    if (!round) return;
    if (!round.isTold) this.#tellBegin(volume, round, batch.length);
    round.done += batch.length;
    for (const record of batch) round.bytes += bytesOf(record);
    const total = round.done + this.#options.entriesIn(volume);
    if (round.done < total)
      this.#options.report({
        kind: 'reintegrationProgress',
        volume: this.#name(volume),
        done: round.done,
        total,
      });
  }

  /** Nothing more is sent for now. @param obstacle what keeps the rest here */
  end(volume: number, obstacle: LogObstacle | undefined): void {
    const round = this.#running.get(volume);
    const isNew = obstacle !== this.#obstacles.get(volume);
    if (round?.isTold) this.#tellEnd(volume, round, obstacle);
    this.#running.delete(volume);
    if (obstacle) this.#obstacles.set(volume, obstacle);
    else this.#obstacles.delete(volume);
    if (round || isNew) this.#options.onChange(volume);
  }

  /** The log waits for tokens of its owner. */
  awaitsTokens(volume: number, { uid }: LogRecord): void {
    if (this.#obstacles.get(volume) !== 'no token')
      this.#options.report({ kind: 'awaitsTokens', volume: this.#name(volume), uid });
  }

  #tellBegin(volume: number, round: Round, gone = 0): void {
    round.isTold = true;
    const total = gone + this.#options.entriesIn(volume);
    this.#options.report({ kind: 'reintegrationBegins', volume: this.#name(volume), uid: round.uid, total });
    this.#options.onChange(volume);
  }

  #tellEnd(volume: number, { done, bytes }: Round, obstacle: LogObstacle | undefined): void {
    const total = done + this.#options.entriesIn(volume);
    const result = obstacle ?? 'done';
    this.#options.report({
      kind: 'reintegrationEnds',
      volume: this.#name(volume),
      done,
      total,
      bytes,
      result,
    });
  }

  #name(volume: number): string {
    return this.#options.nameOf(volume);
  }
}
