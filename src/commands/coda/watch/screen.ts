/** The lines of the screen: from the model, the size of the terminal and what is selected, and nothing else. */
import { cutEnd, cutStart, columnsOf, fill, fillLeft } from '../../../term/columns.ts';
import { printable } from '../../../term/printable.ts';
import { formatSize } from '../../../term/size.ts';
import { formatClock, formatDuration } from '../../../term/time.ts';
import type { Move } from './moves.ts';
import { type Paint, lookOfWord } from './paint.ts';
import { percentOf, rateOf, secondsLeft } from './progress.ts';
import { type Volume, keyOf, noteOf, wordOf } from './volumes.ts';
import { type Happening, placeOf } from './watchModel.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What is to be seen. */
export interface Scene {
  readonly volumes: readonly Volume[];
  readonly moves: readonly Move[];
  /** Oldest first. */
  readonly recent: readonly Happening[];
  readonly lost: string | undefined;
  /** Key of the volume that keys are about. */
  readonly selected: string | undefined;
  /** What the last key came to. */
  readonly message: string;
  readonly showsHelp: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** A path from `/coda`, as the user sees it. */
  readonly userPath: (path: string) => string;
}

const KEYS = 'r send  c checkpoint  d doctor  p repair  h help  q quit';

export const helpLines: readonly string[] = [
  'up, k      the volume above',
  'down, j    the volume below',
  'r          send the changes of the volume now (cfs forcereintegrate)',
  'c          copy its unsent changes into an archive (cfs checkpointml)',
  'd          explain why its changes are not on the servers (coda doctor)',
  'R, p       settle its conflicts (repair)',
  'h, ?       this help; any key leaves it',
  'q, ^C      quit',
];

/** As many lines as the terminal has rows at most, none wider than its columns. */
export function screenLines(scene: Scene, { columns, rows }: Size, paint: Paint): readonly string[] {
  const title = paint('title', fill(titleOf(scene), columns));
  const room = Math.max(0, rows - 2);
  const body = scene.showsHelp
    ? ['', ...helpLines].map((line) => cutEnd(line, columns)).slice(0, room)
    : bodyOf(scene, columns, room, paint);
  const padding = Array.from({ length: room - body.length }, () => '');
  const foot = paint(
    scene.message === '' ? 'faint' : 'notice',
    cutEnd(scene.message === '' ? KEYS : printable(scene.message), columns),
  );
  return [title, ...body, ...padding, foot].slice(0, rows);
}

function titleOf({ volumes, lost, now }: Scene): string {
  const clock = formatClock(now);
  if (lost !== undefined) return `${clock}  venus does not answer: ${printable(lost)}`;
  const known = volumes.filter(({ entries }) => entries !== undefined);
  const entries = known.reduce((sum, volume) => sum + (volume.entries ?? 0), 0);
  const [count, changes] = [volumes.length, entries === 1 ? '1 change' : `${entries} changes`];
  return `${clock}  ${count === 1 ? '1 volume' : `${count} volumes`}, ${changes} not on the servers`;
}

/** Volumes come first where there is little room, then what moves, then what happened. */
function bodyOf(scene: Scene, columns: number, room: number, paint: Paint): readonly string[] {
  const moving = scene.moves.map((move) => moveLine(scene, move, columns));
  const movesWanted = moving.length === 0 ? 0 : Math.min(moving.length, 5) + 2;
  const [least, most] = [3, Math.max(3, room - movesWanted - 4)];
  const volumeRoom = Math.min(room, Math.max(least, Math.min(scene.volumes.length + 1, most)));
  const lines = volumeLines(scene, columns, volumeRoom, paint);
  if (moving.length > 0) lines.push(...section('Moving', moving, room - lines.length, 5, columns, paint));
  const happened = scene.recent
    .toReversed()
    .map(({ time, text }) => cutEnd(`  ${formatClock(time)}  ${text}`, columns));
  if (happened.length > 0)
    lines.push(...section('Recent', happened, room - lines.length, Infinity, columns, paint));
  return lines.slice(0, room);
}

/** A heading and what fits below it; nothing where not even one line does. */
function section(
  heading: string,
  lines: readonly string[],
  room: number,
  most: number,
  columns: number,
  paint: Paint,
): readonly string[] {
  const count = Math.min(lines.length, most, room - 2);
  if (count < 1) return [];
  const more = lines.length > count && most !== Infinity ? ` (${count} of ${lines.length})` : '';
  return ['', paint('title', cutEnd(`${heading}${more}`, columns)), ...lines.slice(0, count)];
}

interface Columns {
  readonly state: number;
  readonly pending: boolean;
  readonly size: boolean;
}

/** What a narrow terminal has no room for is left out: first the bytes, then the count. */
function columnsFor(columns: number): Columns {
  return { state: columns < 40 ? 12 : 18, pending: columns >= 40, size: columns >= 60 };
}

/** The selected volume is always among them. */
function volumeLines(scene: Scene, columns: number, room: number, paint: Paint): string[] {
  const { volumes, selected } = scene;
  const widths = columnsFor(columns);
  const heading = volumeRow(['  ', 'STATE', 'PENDING', 'SIZE'], 'VOLUME', widths, columns);
  const shown = Math.max(1, room - 1);
  const at = Math.max(
    0,
    volumes.findIndex((volume) => keyOf(volume) === selected),
  );
  const first = Math.max(0, Math.min(at - Math.floor(shown / 2), volumes.length - shown));
  const rows = volumes
    .slice(first, first + shown)
    .map((volume) => volumeLine(scene, volume, widths, columns, paint));
  if (rows.length === 0) rows.push(paint('faint', cutEnd('  no volume is known yet', columns)));
  return [paint('faint', heading), ...rows].slice(0, room);
}

function volumeLine(scene: Scene, volume: Volume, widths: Columns, columns: number, paint: Paint): string {
  const isSelected = keyOf(volume) === scene.selected;
  const word = wordOf(volume);
  const pending = volume.entries === undefined ? '?' : String(volume.entries);
  const size = volume.bytes === undefined ? '?' : formatSize(volume.bytes);
  const note = noteOf(volume);
  const place = printable(scene.userPath(placeOf(volume)));
  const line = volumeRow(
    [isSelected ? '> ' : '  ', word, pending, size],
    note === '' ? place : `${place}: ${note}`,
    widths,
    columns,
  );
  const [before, state, after] = [
    line.slice(0, 2),
    line.slice(2, 2 + widths.state),
    line.slice(2 + widths.state),
  ];
  // What was known last is not how things are.
  const look = scene.lost === undefined ? lookOfWord[word] : 'faint';
  return `${before}${paint(look, state)}${isSelected ? paint('selected', after) : after}`;
}

function volumeRow(
  [mark, state, pending, size]: readonly [string, string, string, string],
  place: string,
  widths: Columns,
  columns: number,
): string {
  const cells = [
    `${mark}${fill(state, widths.state)}`,
    ...(widths.pending ? [fillLeft(pending, 8)] : []),
    ...(widths.size ? [fillLeft(size, 11)] : []),
  ].join(' ');
  const room = columns - columnsOf(cells) - 2;
  return cutEnd(`${cells}  ${cutStart(place, room)}`, columns).trimEnd();
}

function moveLine(scene: Scene, { kind, what, unit, progress }: Move, columns: number): string {
  const { now, userPath } = scene;
  const percent = percentOf(progress);
  const [rate, left] = [rateOf(progress, now), secondsLeft(progress, now)];
  const cells = [
    `  ${fill(kind, 10)}`,
    fillLeft(percent === undefined ? '?' : `${percent}%`, 4),
    ...(columns < 60 || unit === 'percent' ? [] : [fill(amountOf(progress, unit), 21)]),
    ...(columns < 80 || unit === 'percent' ? [] : [fillLeft(rateText(rate, unit), 13)]),
    fillLeft(leftText(rate, left), 14),
  ].join(' ');
  const name = printable(unit === 'bytes' ? userPath(what) : what);
  return cutEnd(`${cells}  ${cutStart(name, columns - columnsOf(cells) - 2)}`, columns).trimEnd();
}

function amountOf({ done, total }: Move['progress'], unit: Move['unit']): string {
  const show = unit === 'bytes' ? formatSize : String;
  return total === undefined ? show(done) : `${show(done)} of ${show(total)}`;
}

function rateText(rate: number | undefined, unit: Move['unit']): string {
  if (rate === undefined) return '';
  return unit === 'bytes' ? `${formatSize(Math.round(rate))}/s` : `${rate.toFixed(1)}/s`;
}

function leftText(rate: number | undefined, left: number | undefined): string {
  if (rate === 0) return 'stands still';
  return left === undefined ? '' : `${formatDuration(left)} left`;
}
