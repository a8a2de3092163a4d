/** The lines of the mariner socket of a mounted venus (spec/mariner.md, B.2 and B.3), as events. */
import { decodeText } from '../text.ts';
import { type VenusEvent, type WithoutTime, volumeFlags, volumeStates } from '../venusEvent.ts';

/** What a line tells, without the time and the line itself. */
export type MarinerFacts = WithoutTime<VenusEvent>;

/** A line without its end. */
export interface MarinerLine {
  readonly text: string;
  /** It was longer than venus's buffer: its end is missing. */
  readonly isCut: boolean;
}

type Reader = readonly [RegExp, (...parts: readonly string[]) => MarinerFacts | undefined];

const NUMBER = String.raw`(\d{1,15})`;
/** A line of this form, whatever names stand in it. */
const form = (pattern: string) => new RegExp(`^${pattern.replaceAll('NUMBER', NUMBER)}$`, 's');

/** The first that fits; what none reads is a line. */
const readers: readonly Reader[] = [
  [form('volstate::(.*) ([^ ]+) NUMBER((?: [a-z]+)*)'), readVolumeState],
  [form('reintegrate::(.*), NUMBER/NUMBER'), readReintegration],
  [
    form(String.raw`progress::fetching \((.*)\) \d+% \(NUMBERBs/NUMBERBs\) \[-?\d+ - -?\d+\]`),
    (path = '', received, length) => ({
      kind: 'fetchProgress',
      path,
      received: Number(received),
      length: Number(length),
    }),
  ],
  [form('progress::hoarding NUMBER%'), (percent) => ({ kind: 'walkProgress', percent: Number(percent) })],
  [form('fetch::Fetch done'), () => ({ kind: 'fetchEnds' })],
  [
    form(String.raw`fetch::Fetch(?:Partial)? (.*) \[NUMBER\]`),
    (path = '', blocks) => ({ kind: 'fetchBegins', path, blocks: Number(blocks) }),
  ],
  [
    form(String.raw`store::SendReintFragment ([^,]*), (.*) \[-?\d+\] \(NUMBER/NUMBER\)`),
    (volume = '', path = '', sent, length) => ({
      kind: 'storeProgress',
      volume,
      path,
      sent: Number(sent),
      length: Number(length),
    }),
  ],
  [
    form('Reintegrate (.*) pending tokens for uid = NUMBER'),
    (volume = '', uid) => ({ kind: 'awaitsTokens', volume, uid: Number(uid) }),
  ],
  [
    form(String.raw`(?:ClientModifyLog|fsobj)::CONFLICT \((local/global|server/server)\): (.*) \(([^()]*)\)`),
    (between, path = '', fid = '') => ({
      kind: 'conflict',
      between: between === 'server/server' ? 'server/server' : 'local/global',
      path,
      fid,
    }),
  ],
  [
    form(String.raw`connection::(up|unreachable) (\S+)`),
    (state, server = '') => ({ kind: 'server', server, state: state === 'up' ? 'up' : 'unreachable' }),
  ],
  [
    form(String.raw`connection::bandwidth (\S+) NUMBER NUMBER NUMBER`),
    (server = '', least, average, most) => ({
      kind: 'bandwidth',
      server,
      least: Number(least),
      average: Number(average),
      most: Number(most),
    }),
  ],
  [form('dropped NUMBER queued messages'), (messages) => ({ kind: 'dropped', messages: Number(messages) })],
  [form('shutdown in progress'), () => ({ kind: 'venusEnds', how: 'shutdown' })],
  [form('zombie state::pid NUMBER'), (pid) => ({ kind: 'venusEnds', how: 'crash', pid: Number(pid) })],
];

/** What a line tells. A cut one is never taken apart: of `13` entries only `1` may be left. */
export function parseMarinerLine({ text, isCut }: MarinerLine): MarinerFacts {
  if (isCut) return { kind: 'line', text, isCut };
  for (const [pattern, read] of readers) {
    const found = pattern.exec(text);
    const facts = found && read(...found.slice(1));
    if (facts) return facts;
  }
  const [, lineClass, rest] = /^([A-Za-z ]+)::(.*)$/s.exec(text) ?? [];
  return rest === undefined
    ? { kind: 'line', text }
    : { kind: 'line', ...(lineClass === undefined ? {} : { class: lineClass }), text: rest };
}

/** The realm is what follows the last `@`; names of volumes may hold others. */
function readVolumeState(
  name = '',
  word?: string,
  entries?: string,
  flagText = '',
): MarinerFacts | undefined {
  const at = name.lastIndexOf('@');
  const state = volumeStates.find((known) => known === word);
  const words = flagText.split(' ').filter((flag) => flag !== '');
  const flags = volumeFlags.filter((flag) => words.includes(flag));
  if (at < 0 || state === undefined || flags.length < words.length) return undefined;
  const [volume, realm] = [name.slice(0, at), name.slice(at + 1)];
  return { kind: 'volumeState', volume, realm, state, entries: Number(entries), flags };
}

/** Venus says `N/TOTAL` when a batch begins, and `0/TOTAL` when it is over, however it went. */
function readReintegration(volume = '', batch?: string, total?: string): MarinerFacts {
  return Number(batch) === 0
    ? { kind: 'reintegrationEnds', volume, total: Number(total) }
    : { kind: 'reintegrationBegins', volume, batch: Number(batch), total: Number(total) };
}

/** Bytes of a line at most: what is longer has lost its newline, and the next line follows at once. */
const MAX_LINE = 254;
const [NUL, LF, CR] = [0, 10, 13];
/** Written without a newline, by a venus that writes nothing more. */
const LAST_WORDS = /^zombie state::pid \d+$/;

/** Puts bytes together to lines, as they come. */
export class MarinerLines {
  #rest: Uint8Array = new Uint8Array(0);

  /** @returns the lines that the bytes complete */
  take(bytes: Uint8Array): readonly MarinerLine[] {
    const lines: MarinerLine[] = [];
    let rest: Uint8Array = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let end = endOf(rest); end !== undefined; end = endOf(rest)) {
      if (end.length > 0 || !end.isCut) lines.push(lineOf(rest.subarray(0, end.length), end.isCut));
      rest = rest.subarray(end.next);
    }
    const text = decodeText(rest);
    if (LAST_WORDS.test(text)) {
      lines.push({ text, isCut: false });
      rest = rest.subarray(rest.length);
    }
    this.#rest = rest.slice();
    return lines;
  }
}

interface End {
  readonly length: number;
  readonly next: number;
  readonly isCut: boolean;
}

/** Where the first line ends; undefined if that has not come yet. */
function endOf(bytes: Uint8Array): End | undefined {
  const at = bytes.findIndex((byte) => byte === LF || byte === NUL);
  if (at > MAX_LINE || (at < 0 && bytes.length > MAX_LINE + 1))
    return { length: MAX_LINE, next: MAX_LINE, isCut: true };
  if (at < 0) return undefined;
  if (bytes[at] === LF) return { length: at, next: at + 1, isCut: false };
  // The newline behind the NUL of a cut line belongs to it, and may still be on its way.
  if (at + 1 === bytes.length) return undefined;
  return { length: at, next: at + (bytes[at + 1] === LF ? 2 : 1), isCut: true };
}

function lineOf(bytes: Uint8Array, isCut: boolean): MarinerLine {
  const end = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
  return { text: decodeText(bytes.subarray(0, end)), isCut };
}
