/** What is under way: fetches, contents on their way to a server, logs that are sent, hoard walks. */
import type { VenusEvent } from '../../../ipc/venusEvent.ts';
import { type Progress, advance, begin } from './progress.ts';

export interface Move {
  readonly kind: 'fetch' | 'store' | 'send log' | 'hoard walk';
  /** A path, or the name of a volume. */
  readonly what: string;
  readonly unit: 'bytes' | 'changes' | 'objects' | 'percent';
  readonly progress: Progress;
  /** When it was last heard of; milliseconds since 1970. */
  readonly heard: number;
}

type Moves = ReadonlyMap<string, Move>;
type Named = Pick<Move, 'kind' | 'what' | 'unit'>;

const PERCENT_OF_WALK: Named = { kind: 'hoard walk', what: '', unit: 'percent' };
const LOOKING_UP: Named = { kind: 'hoard walk', what: 'looking things up', unit: 'objects' };
const FETCHING: Named = { kind: 'hoard walk', what: 'contents', unit: 'bytes' };
/** Milliseconds after which something of which nothing is heard is not shown any more: its end was not told. */
const FORGOTTEN = 120_000;
/** Moves at a time: more are not followed. */
const MAX_MOVES = 1000;

/** What is under way after an event; most change nothing of it. */
export function afterEvent(moves: Moves, event: VenusEvent): Moves {
  const { time } = event;
  if (event.kind === 'fetchBegins') return told(moves, fetchOf(event.path), time, 0, event.length);
  if (event.kind === 'fetchProgress')
    return told(moves, fetchOf(event.path), time, event.received, event.length);
  if (event.kind === 'fetchEnds') return withoutFetch(moves, event.path);
  if (event.kind === 'storeProgress') return afterStore(moves, event);
  if (event.kind === 'reintegrationBegins')
    return told(moves, logOf(event.volume), time, event.total - (event.batch ?? event.total), event.total);
  if (event.kind === 'reintegrationProgress')
    return told(moves, logOf(event.volume), time, event.done, event.total);
  if (event.kind === 'reintegrationEnds') return without(moves, logOf(event.volume));
  if (event.kind === 'walkProgress') return afterWalk(moves, event);
  if (event.kind === 'walkEnds') return without(without(moves, LOOKING_UP), FETCHING);
  if (event.kind === 'line') return afterLine(moves, event.class, event.text, time);
  return event.kind === 'venusEnds' ? new Map() : moves;
}

/** The end is not told otherwise. */
function afterStore(moves: Moves, event: Extract<VenusEvent, { kind: 'storeProgress' }>): Moves {
  const { path, sent, length, time } = event;
  const store = { kind: 'store', what: path, unit: 'bytes' } as const;
  return sent >= length ? without(moves, store) : told(moves, store, time, sent, length);
}

/** Without those of which nothing was heard for so long that they must be over. */
export function withoutForgotten(moves: Moves, now: number): Moves {
  const kept = [...moves].filter(([, { heard }]) => heard > now - FORGOTTEN);
  return kept.length === moves.size ? moves : new Map(kept);
}

/** A mounted venus tells only lines of the beginning and end of walks (spec/mariner.md, B.3). */
function afterLine(moves: Moves, lineClass: string | undefined, text: string, time: number): Moves {
  if (lineClass !== 'cache') return moves;
  if (/^Begin(Status|Data)Walk$/.test(text)) return told(moves, PERCENT_OF_WALK, time, 0, 100);
  return text === 'EndDataWalk' ? without(moves, PERCENT_OF_WALK) : moves;
}

function afterWalk(moves: Moves, event: Extract<VenusEvent, { kind: 'walkProgress' }>): Moves {
  const { progress, percent, time } = event;
  if (percent !== undefined) return told(moves, PERCENT_OF_WALK, time, percent, 100);
  if (!progress) return moves;
  const { phase, done, left } = progress;
  if (phase === 'status') return told(moves, LOOKING_UP, time, done.objects, done.objects + left.objects);
  return told(without(moves, LOOKING_UP), FETCHING, time, done.bytes, done.bytes + left.bytes);
}

function told(moves: Moves, named: Named, time: number, done: number, total: number | undefined): Moves {
  const before = moves.get(keyOf(named));
  if (!before && moves.size >= MAX_MOVES) return moves;
  const progress = before ? advance(before.progress, time, done, total) : begin(time, done, total);
  return new Map(moves).set(keyOf(named), { ...named, progress, heard: time });
}

function without(moves: Moves, named: Named): Moves {
  const left = new Map(moves);
  left.delete(keyOf(named));
  return left;
}

/** A mounted venus does not say whose end it is: one that has come, else the one that began first. */
function withoutFetch(moves: Moves, path: string | undefined): Moves {
  if (path !== undefined) return without(moves, fetchOf(path));
  const fetches = [...moves.values()].filter(({ kind }) => kind === 'fetch');
  const ended = fetches.find(({ progress: { done, total } }) => total !== undefined && done >= total);
  const over = ended ?? fetches[0];
  return over === undefined ? moves : without(moves, over);
}

function fetchOf(path: string): Named {
  return { kind: 'fetch', what: path, unit: 'bytes' };
}

function logOf(volume: string): Named {
  return { kind: 'send log', what: volume, unit: 'changes' };
}

function keyOf({ kind, what }: Named): string {
  return `${kind} ${what}`;
}
