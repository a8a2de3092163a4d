import type { VenusEvent } from '../../../ipc/venusEvent.ts';
import { printable } from '../../../term/printable.ts';
import { activityText } from '../../codacon/activityText.ts';
import { type Move, afterEvent, withoutForgotten } from './moves.ts';
import { type Volume, afterState, keyOf, volumeWords, wordOf } from './volumes.ts';

/** Something that happened, for a person. */
export interface Happening {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Printable. */
  readonly text: string;
}

/** Happenings that are kept: more than any screen shows. */
const RECENT = 200;
/** What the moves show, or what comes by the hundred. */
const PASSING: ReadonlySet<VenusEvent['kind']> = new Set([
  'fetchProgress',
  'storeProgress',
  'reintegrationProgress',
  'bandwidth',
]);
/** Classes of lines of a mounted venus of which there are many at each request. */
const CHATTER: ReadonlySet<string | undefined> = new Set(['fetch', 'store', 'callback', 'progress', 'cache']);

/** All that is shown, from what venus tells. It knows no terminal and no clock, and does not grow with time. */
export class WatchModel {
  readonly #volumes = new Map<string, Volume>();
  #recent: readonly Happening[] = [];
  #moves: ReadonlyMap<string, Move> = new Map();
  #lost: string | undefined;

  /** The worst first, then by where they are. */
  get volumes(): readonly Volume[] {
    return [...this.#volumes.values()].sort(
      (one, other) => rankOf(one) - rankOf(other) || compare(placeOf(one), placeOf(other)),
    );
  }

  /** Oldest first. */
  get recent(): readonly Happening[] {
    return this.#recent;
  }

  get moves(): readonly Move[] {
    return [...this.#moves.values()];
  }

  /** Why venus tells nothing at the moment. */
  get lost(): string | undefined {
    return this.#lost;
  }

  /** Something happened now. @returns what to tell of it, if it is worth a line */
  take(event: VenusEvent): Happening | undefined {
    this.#lost = undefined;
    this.#moves = withoutForgotten(afterEvent(this.#moves, event), event.time);
    if (event.kind === 'volumeState') return this.#takeState(event);
    return this.#note(event.time, textOf(event));
  }

  /** Something had happened before the watching began. It is not how things are. */
  takePast(event: VenusEvent): void {
    if (event.kind !== 'volumeState') this.#note(event.time, textOf(event));
  }

  /**
   * What venus reports of volumes.
   * @param isAll whether there are no others
   */
  report(volumes: readonly Volume[], isAll: boolean): void {
    this.#lost = undefined;
    if (isAll) this.#volumes.clear();
    for (const volume of volumes) this.#volumes.set(keyOf(volume), volume);
  }

  /** Venus does not answer any more. What is known of volumes stays, as what was known last. */
  lose(why: string): void {
    this.#lost = why;
    this.#moves = new Map();
  }

  /** Forgets what must be over by now. */
  forget(now: number): void {
    this.#moves = withoutForgotten(this.#moves, now);
  }

  #takeState(event: Extract<VenusEvent, { kind: 'volumeState' }>): Happening | undefined {
    const key = `${event.volume}@${event.realm}`;
    const before = this.#volumes.get(key);
    if (event.state === 'deleted') {
      this.#volumes.delete(key);
      return this.#note(event.time, `${before === undefined ? key : placeOf(before)}: deleted`);
    }
    const after = afterState(before, event);
    this.#volumes.set(key, after);
    const isNews = before === undefined || wordOf(before) !== wordOf(after);
    return isNews ? this.#note(event.time, `${placeOf(after)}: ${wordOf(after)}`) : undefined;
  }

  #note(time: number, text: string | undefined): Happening | undefined {
    if (text === undefined) return undefined;
    const happening = { time, text: printable(text) };
    this.#recent = [...this.#recent, happening].slice(-RECENT);
    return happening;
  }
}

/** Where a volume is, as far as it is known. */
export function placeOf({ mount, name, realm }: Volume): string {
  if (mount !== undefined) return mount;
  return name === '/' ? `/coda/${realm}` : `${name}@${realm}`;
}

function textOf(event: VenusEvent): string | undefined {
  if (PASSING.has(event.kind)) return undefined;
  if (event.kind === 'line' && CHATTER.has(event.class)) return undefined;
  return activityText(event)?.trim();
}

function rankOf(volume: Volume): number {
  return volumeWords.indexOf(wordOf(volume));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
