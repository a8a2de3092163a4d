/** Reads and writes the .cml text, one line per log entry (spec/cml.md, 5.5). */
import { CodaError } from '../ipc/errors.ts';
import { decodeText } from '../ipc/text.ts';
import type { CmlLine, PlainOp } from './cmlLine.ts';

/** Bytes of a line, those of a name with newlines taken together; two of the longest names fit. */
const MAX_LINE = 256 * 1024;
const NEWLINE = 0x0a;
const [TAB, SYMLINK, REPAIR] = [' \t', 'Symlink ', 'Disconnected Repair by an ASR for '];
const LENGTH = ' (length = ';
/** Characters of `Link` and of `Create`: all words before a tab lie between. */
const [SHORTEST_WORD, LONGEST_WORD] = [4, 6];

/** The text cannot be understood from some line on. */
export class CmlTextError extends CodaError {
  readonly code = 'cml-text';
  /** Counted from 1. */
  readonly line: number;

  constructor(line: number, what: string) {
    super(`line ${line} of the log: ${what}`);
    this.line = line;
  }
}

const plainWords: Readonly<Record<PlainOp, string>> = {
  utimes: 'Utime',
  create: 'Create',
  remove: 'Remove',
  mkdir: 'Mkdir',
  rmdir: 'Rmdir',
};

/**
 * One line, without its newline. Names stand as they are: what is read back from a name that contains a newline and the
 * beginning of another line, or ` to ` in a link, is not what was written.
 */
export function formatCmlLine(line: CmlLine): string {
  switch (line.op) {
    case 'store':
      return `Store \t${line.path} (length = ${line.length})`;
    case 'chown':
      return `Chown \t${line.path} (owner = ${line.owner})`;
    case 'chmod':
      return `Chmod \t${line.path} (mode = ${line.mode.toString(8)})`;
    case 'link':
      return `Link \t${line.path} to ${line.name}`;
    case 'rename':
      return `Rename \t${line.from} (to: ${line.to})`;
    case 'symlink':
      return `Symlink ${line.path} (--> ${line.target})`;
    case 'repair':
      return `Disconnected Repair by an ASR for ${line.fid}`;
    case 'utimes':
    case 'create':
    case 'remove':
    case 'mkdir':
    case 'rmdir':
      return `${plainWords[line.op]} \t${line.path}`;
  }
}

/** How each kind of line is read; names may contain anything, so that what stands at the end counts. */
const readers: Readonly<Record<string, (rest: string) => CmlLine | undefined>> = {
  Store: (rest) => {
    const at = rest.lastIndexOf(LENGTH);
    const digits = rest.slice(at + LENGTH.length, -1);
    if (at < 0 || !rest.endsWith(')') || !/^\d{1,16}$/.test(digits)) return undefined;
    const length = Number(digits);
    return Number.isSafeInteger(length) ? { op: 'store', path: rest.slice(0, at), length } : undefined;
  },
  Chown: (rest) => {
    const [, path, owner] = /^(.*) \(owner = (-?\d{1,10})\)$/s.exec(rest) ?? [];
    return path === undefined ? undefined : { op: 'chown', path, owner: Number(owner) };
  },
  Chmod: (rest) => {
    const [, path, mode = ''] = /^(.*) \(mode = ([0-7]{1,11})\)$/s.exec(rest) ?? [];
    return path === undefined ? undefined : { op: 'chmod', path, mode: Number.parseInt(mode, 8) };
  },
  Link: (rest) => {
    const [, path, name] = /^(.*) to ([^/]+)$/s.exec(rest) ?? [];
    return path === undefined || name === undefined ? undefined : { op: 'link', path, name };
  },
  Rename: (rest) => {
    const [, from, to] = /^(.*?) \(to: (.*)\)$/s.exec(rest) ?? [];
    return from === undefined || to === undefined ? undefined : { op: 'rename', from, to };
  },
  Utime: (path) => ({ op: 'utimes', path }),
  Create: (path) => ({ op: 'create', path }),
  Remove: (path) => ({ op: 'remove', path }),
  Mkdir: (path) => ({ op: 'mkdir', path }),
  Rmdir: (path) => ({ op: 'rmdir', path }),
};

/** @returns undefined for what is no line of a log */
export function parseCmlLine(text: string): CmlLine | undefined {
  if (text.startsWith(SYMLINK)) {
    const [, path, target] = /^Symlink (.*?) \(--> (.*)\)$/s.exec(text) ?? [];
    return path === undefined || target === undefined ? undefined : { op: 'symlink', path, target };
  }
  if (text.startsWith(REPAIR)) return { op: 'repair', fid: text.slice(REPAIR.length) };
  const tab = text.indexOf(TAB);
  const rest = text.slice(tab + TAB.length);
  return tab < 0 || rest === '' ? undefined : readers[text.slice(0, tab)]?.(rest);
}

/** Whether a line begins with an operation; others go on with the name of the line before. */
function isBeginning(text: string): boolean {
  for (let tab = SHORTEST_WORD + 1; tab <= LONGEST_WORD + 1; tab++) {
    if (text.charCodeAt(tab) === 0x09)
      return text[tab - 1] === ' ' && readers[text.slice(0, tab - 1)] !== undefined;
  }
  return text.startsWith(SYMLINK) || text.startsWith(REPAIR);
}

/**
 * The entries of a log, in its order; memory does not grow with its length. Lines that begin with no operation belong to
 * the name before them, which had a newline in it.
 * @throws CmlTextError at the first line that cannot be understood
 */
export async function* parseCml(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CmlLine> {
  for await (const batch of parseCmlBatches(chunks)) yield* batch;
}

/** As {@link parseCml}, but many at a time, which costs a tenth. */
export async function* parseCmlBatches(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly CmlLine[]> {
  let pending: Pending | undefined;
  let number = 0;
  for await (const lines of textLines(chunks)) {
    const batch: CmlLine[] = [];
    for (const text of lines) {
      number += 1;
      if (isBeginning(text)) {
        if (pending !== undefined) batch.push(understood(pending));
        pending = { number, text };
      } else {
        pending = continued(pending, number, text);
      }
    }
    yield batch;
  }
  if (pending !== undefined) yield [understood(pending)];
}

/** A line that may go on with the next one. */
interface Pending {
  readonly number: number;
  readonly text: string;
}

function continued(pending: Pending | undefined, number: number, text: string): Pending {
  if (pending === undefined) throw new CmlTextError(number, 'it begins with no operation');
  const whole = `${pending.text}\n${text}`;
  if (whole.length > MAX_LINE) throw new CmlTextError(pending.number, 'it is too long');
  return { number: pending.number, text: whole };
}

function understood({ number, text }: Pending): CmlLine {
  const line = parseCmlLine(text);
  if (line === undefined) throw new CmlTextError(number, 'it does not have the form of its operation');
  return line;
}

/** The lines that each chunk ends, without their newlines. */
async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  let rest: Uint8Array = new Uint8Array();
  let number = 1;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(NEWLINE);
    const bytes = chunk.subarray(0, end + 1);
    if (end >= 0) {
      // No newline is a part of a longer character, so that many lines can be decoded at once.
      const lines = decodeText(rest.length === 0 ? bytes : Buffer.concat([rest, bytes])).split('\n');
      lines.pop();
      number += lines.length;
      yield lines;
      rest = new Uint8Array();
    }
    rest = Buffer.concat([rest, chunk.subarray(end + 1)]);
    if (rest.length > MAX_LINE) throw new CmlTextError(number, 'it is too long');
  }
  if (rest.length > 0) throw new CmlTextError(number, 'it has no end');
}
