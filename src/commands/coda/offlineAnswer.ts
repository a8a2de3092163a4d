import { counted } from '../../term/counted.ts';
import { formatSize } from '../../term/size.ts';
import { formatCtime, formatDuration } from '../../term/time.ts';
import { printable } from '../../term/printable.ts';
import { remedyFor, reasonText } from '../hoard/reasonText.ts';
import { walkText } from '../hoard/walking.ts';
import type { CacheFacts, HoardedObject } from '../../ipc/hoard.ts';
import type { Known, OfflineFacts, TokenFact } from './offlineFacts.ts';

/** Whether one can go: `unknown` where something that decides is. */
export type Readiness = 'yes' | 'no' | 'unknown';

/** Bytes on the disk below which hardly anything can be written while disconnected. */
const LITTLE_DISK = 4 * 1024 * 1024;
/** The part of the cache that unsent files may take: what is written while disconnected has to fit, too. */
const NEARLY_FULL = 0.9;
/** Names that are shown of what is not here. */
const MOST_NAMES = 12;
/** Columns of the words at the left. */
const WIDTH = 11;

export interface Answer {
  readonly ready: Readiness;
  /** What stands against it, a sentence each without its stop. */
  readonly against: readonly string[];
  /** What is good to know, and no reason to stay. */
  readonly remarks: readonly string[];
}

/** What follows from the facts. @param now milliseconds since 1970 */
export function answerFrom(facts: OfflineFacts, now: number): Answer {
  const against = [
    ...hoardedAgainst(facts),
    ...conflictsAgainst(facts),
    ...('known' in facts.cache ? roomAgainst(facts.cache.known) : []),
  ];
  // Whether everything is here, and readable, decides; the rest is good to know.
  const isUnknown = 'unknown' in facts.hoarded || 'unknown' in facts.conflicts;
  const ready = against.length > 0 ? 'no' : isUnknown ? 'unknown' : 'yes';
  return { ready, against, remarks: remarksOn(facts, now) };
}

function hoardedAgainst({ hoarded }: OfflineFacts): readonly string[] {
  if (!('known' in hoarded)) return [];
  const { stale, missing } = hoarded.known.summary;
  return [
    ...(missing.objects > 0
      ? [`${objects(missing.objects)} missing and cannot be read without servers`]
      : []),
    ...(stale.objects > 0 ? [`${objects(stale.objects)} older than on the servers, or may be`] : []),
  ];
}

function objects(count: number): string {
  return count === 1 ? '1 hoarded object is' : `${count} hoarded objects are`;
}

function conflictsAgainst({ conflicts }: OfflineFacts): readonly string[] {
  if (!('known' in conflicts) || conflicts.known.length === 0) return [];
  const count = conflicts.known.length;
  return [`${count === 1 ? '1 object is' : `${count} objects are`} in conflict and cannot be used`];
}

function roomAgainst({ capacity, filledBy, disk }: CacheFacts): readonly string[] {
  return [
    ...(filledBy.unsent > capacity.bytes * NEARLY_FULL
      ? ['files that are not on the servers yet fill the cache, so that nothing more can be written']
      : []),
    ...(disk !== undefined && disk.free < LITTLE_DISK
      ? [`the disk of the cache has ${formatSize(disk.free)} left, so that nothing more can be written`]
      : []),
  ];
}

function remarksOn({ hoarded, unsent, tokens, cache }: OfflineFacts, now: number): readonly string[] {
  const isNothingHoarded = 'known' in hoarded && hoarded.known.summary.entries === 0;
  const changes = 'known' in unsent ? unsent.known.reduce((sum, { entries }) => sum + entries, 0) : 0;
  return [
    ...(isNothingHoarded ? ['nothing is hoarded: only what was used lately is here (hoard add)'] : []),
    ...(changes > 0 ? ['what is not sent is only on this machine (cfs forcereintegrate)'] : []),
    ...('known' in tokens ? tokens.known.flatMap((token) => tokenRemark(token, now)) : []),
    ...('known' in cache && !cache.known.walks.isPeriodic
      ? ['venus does not walk by itself, so that what changes is not brought here (hoard on)']
      : []),
  ];
}

function tokenRemark(token: TokenFact, now: number): readonly string[] {
  if (token.state === 'valid' && token.ends * 1000 > now) return [];
  return [
    `without a valid token for ${token.realm} what you change is not sent when servers are back, until you log in (clog)`,
  ];
}

/** One screen. */
export function textOf(
  facts: OfflineFacts,
  { ready, against, remarks }: Answer,
  surroundings: Shown,
): string {
  const lines = [
    verdicts[ready],
    ...against.map((sentence) => row('no', sentence)),
    ...hoardedLines(facts, surroundings),
    row('unsent', known(facts.unsent, unsentText)),
    ...tokenLines(facts.tokens, surroundings.now),
    ...conflictLines(facts.conflicts),
    row('cache', known(facts.cache, cacheText)),
    row('disk', known(facts.cache, diskText)),
    row(
      'walks',
      known(facts.cache, (cache) => walksText(cache, surroundings.now)),
    ),
    ...remarks.map((sentence) => row('note', sentence)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** What is needed to show facts. */
export interface Shown {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly userPath: (path: string) => string;
}

const verdicts: Readonly<Record<Readiness, string>> = {
  yes: 'Ready to go: yes. Everything that is hoarded is here.',
  no: 'Ready to go: no.',
  unknown: 'Ready to go: unknown. Venus does not tell all that decides.',
};

function row(title: string, text: string): string {
  return `  ${title.padEnd(WIDTH)}${printable(text)}`;
}

function known<Fact>(fact: Known<Fact>, text: (fact: Fact) => string): string {
  return 'known' in fact ? text(fact.known) : `unknown: ${fact.unknown}`;
}

function hoardedLines({ hoarded }: OfflineFacts, { userPath }: Shown): readonly string[] {
  if ('unknown' in hoarded) return [row('hoarded', `unknown: ${hoarded.unknown}`)];
  const { summary, problems } = hoarded.known;
  const { present, stale, missing } = summary;
  const text = `${present.objects} here (${formatSize(present.bytes)}), ${stale.objects} stale, ${missing.objects} missing; ${counted(summary.entries, 'entry', 'entries')}`;
  const named = problems.slice(0, MOST_NAMES).map((object) => problemLine(object, userPath));
  const more = problems.length - named.length;
  return [row('hoarded', text), ...named, ...(more > 0 ? [row('', `and ${more} more: hoard verify`)] : [])];
}

function problemLine(object: HoardedObject, userPath: Shown['userPath']): string {
  const remedy = remedyFor(object.reason);
  const next = remedy === undefined ? '' : ` (${remedy})`;
  return row('', `${userPath(object.path)}: ${object.state}, ${reasonText(object)}${next}`);
}

function unsentText(logs: NonNullable<Extract<OfflineFacts['unsent'], { known: unknown }>['known']>): string {
  if (logs.length === 0) return 'nothing: all changes are on the servers';
  const changes = logs.reduce((sum, { entries }) => sum + entries, 0);
  const bytes = logs.reduce((sum, log) => sum + log.bytes, 0);
  const where = logs.map(({ mount, name }) => mount ?? name).join(', ');
  return `${changes === 1 ? '1 change' : `${changes} changes`}, ${formatSize(bytes)}, in ${where}`;
}

function tokenLines(tokens: OfflineFacts['tokens'], now: number): readonly string[] {
  if ('unknown' in tokens) return [row('tokens', `unknown: ${tokens.unknown}`)];
  if (tokens.known.length === 0) return [row('tokens', 'none')];
  return tokens.known.map((token, nth) => row(nth === 0 ? 'tokens' : '', tokenText(token, now)));
}

function tokenText(token: TokenFact, now: number): string {
  if (token.state === 'none') return `@${token.realm}: none`;
  if (token.state === 'expired') return `@${token.realm}: ended on ${formatCtime(token.ends)}`;
  return `@${token.realm}: until ${formatCtime(token.ends)}, ${formatDuration(token.ends - now / 1000)} from now`;
}

function conflictLines(conflicts: OfflineFacts['conflicts']): readonly string[] {
  if ('unknown' in conflicts) return [row('conflicts', `unknown: ${conflicts.unknown}`)];
  if (conflicts.known.length === 0) return [row('conflicts', 'none')];
  const named = conflicts.known.slice(0, MOST_NAMES);
  const more = conflicts.known.length - named.length;
  return [
    ...named.map((path, nth) => row(nth === 0 ? 'conflicts' : '', path)),
    ...(more > 0 ? [row('', `and ${more} more: coda conflicts`)] : []),
  ];
}

function cacheText({ capacity, used, filledBy }: CacheFacts): string {
  const parts = [
    `hoarded ${formatSize(filledBy.hoarded)}`,
    `unsent ${formatSize(filledBy.unsent)}`,
    `other ${formatSize(filledBy.other + filledBy.open)}`,
  ];
  return `${formatSize(used.bytes)} of ${formatSize(capacity.bytes)}, ${used.objects} of ${capacity.objects} objects (${parts.join(', ')})`;
}

function diskText({ disk }: CacheFacts): string {
  return disk === undefined
    ? 'unknown: venus does not tell'
    : `${formatSize(disk.free)} free at ${disk.directory}`;
}

function walksText(
  { walks: { isPeriodic, interval, next, running, last } }: CacheFacts,
  now: number,
): string {
  const every = interval === undefined ? '' : ` every ${formatDuration(interval)}`;
  const coming =
    next === undefined || !isPeriodic ? '' : `, the next in ${formatDuration((next - now) / 1000)}`;
  const parts = [
    isPeriodic ? `by itself${every}${coming}` : 'only when asked',
    ...(running === undefined ? [] : [`one is under way, ${running.left.objects} objects left`]),
    last === undefined
      ? 'none yet'
      : `the last ${formatDuration(Math.max(0, now - last.ended) / 1000)} ago, ${walkText(last)}`,
  ];
  return parts.join('; ');
}
