/** Reads and writes the .cml text, one line per log entry (spec/cml.md, 5.5). */
import { CodaError } from '../ipc/errors.ts';
import { decodeText } from '../ipc/text.ts';
import { readDecimal } from './archive/numbers.ts';
import type { CmlLine, PlainOp } from './cmlLine.ts';

/** Bytes of a line, those of a name with newlines taken together; two of the longest names fit. */
const MAX_LINE = 256 * 1024;
const NEWLINE = 0x0a;
const [SYMLINK, REPAIR] = ['Symlink ', 'Disconnected Repair by an ASR for '];
const LENGTH = ' (length = ';

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

/** What a line begins with, and how the rest of it is read. */
interface Form {
  readonly beginning: string;
  readonly read: (rest: string) => CmlLine | undefined;
}

/** Names may contain anything, so that what stands at the end of a line counts. The most frequent come first. */
const forms: readonly Form[] = [
  { beginning: 'Store \t', read: readStore },
  { beginning: 'Create \t', read: (path) => ({ op: 'create', path }) },
  { beginning: 'Mkdir \t', read: (path) => ({ op: 'mkdir', path }) },
  { beginning: 'Remove \t', read: (path) => ({ op: 'remove', path }) },
  { beginning: 'Rename \t', read: readRename },
  { beginning: 'Utime \t', read: (path) => ({ op: 'utimes', path }) },
  { beginning: 'Chmod \t', read: readChmod },
  { beginning: 'Chown \t', read: readChown },
  { beginning: 'Rmdir \t', read: (path) => ({ op: 'rmdir', path }) },
  { beginning: 'Link \t', read: readLink },
  { beginning: SYMLINK, read: readSymlink },
  { beginning: REPAIR, read: (fid) => ({ op: 'repair', fid }) },
];

function readStore(rest: string): CmlLine | undefined {
  const at = rest.lastIndexOf(LENGTH);
  if (at < 0 || !rest.endsWith(')')) return undefined;
  const length = readDecimal(rest.slice(at + LENGTH.length, -1));
  return length === undefined ? undefined : { op: 'store', path: rest.slice(0, at), length };
}

function readChown(rest: string): CmlLine | undefined {
  const [, path, owner] = /^(.*) \(owner = (-?\d{1,10})\)$/s.exec(rest) ?? [];
  return path === undefined ? undefined : { op: 'chown', path, owner: Number(owner) };
}

function readChmod(rest: string): CmlLine | undefined {
  const [, path, mode = ''] = /^(.*) \(mode = ([0-7]{1,11})\)$/s.exec(rest) ?? [];
  return path === undefined ? undefined : { op: 'chmod', path, mode: Number.parseInt(mode, 8) };
}

function readLink(rest: string): CmlLine | undefined {
  const [, path, name] = /^(.*) to ([^/]+)$/s.exec(rest) ?? [];
  return path === undefined || name === undefined ? undefined : { op: 'link', path, name };
}

function readRename(rest: string): CmlLine | undefined {
  const [, from, to] = /^(.*?) \(to: (.*)\)$/s.exec(rest) ?? [];
  return from === undefined || to === undefined ? undefined : { op: 'rename', from, to };
}

function readSymlink(rest: string): CmlLine | undefined {
  const [, path, target] = /^(.*?) \(--> (.*)\)$/s.exec(rest) ?? [];
  return path === undefined || target === undefined ? undefined : { op: 'symlink', path, target };
}

/** @returns undefined for what is no line of a log */
export function parseCmlLine(text: string): CmlLine | undefined {
  const form = formOf(text);
  return form && readAs(form, text);
}

/** How a line is read that begins with an operation; others go on with the name of the line before. */
function formOf(text: string): Form | undefined {
  for (const form of forms) if (text.startsWith(form.beginning)) return form;
  return undefined;
}

function readAs({ beginning, read }: Form, text: string): CmlLine | undefined {
  const isWhole = text.length > beginning.length || beginning === REPAIR;
  return isWhole ? read(text.slice(beginning.length)) : undefined;
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
      const form = formOf(text);
      if (form === undefined) {
        pending = continued(pending, number, text);
        continue;
      }
      if (pending !== undefined) batch.push(understood(pending));
      pending = { number, form, text };
    }
    yield batch;
  }
  if (pending !== undefined) yield [understood(pending)];
}

/** A line that may go on with the next one. */
interface Pending {
  readonly number: number;
  readonly form: Form;
  readonly text: string;
}

function continued(pending: Pending | undefined, number: number, text: string): Pending {
  if (pending === undefined) throw new CmlTextError(number, 'it begins with no operation');
  const whole = `${pending.text}\n${text}`;
  if (whole.length > MAX_LINE) throw new CmlTextError(pending.number, 'it is too long');
  return { ...pending, text: whole };
}

function understood({ number, form, text }: Pending): CmlLine {
  const line = readAs(form, text);
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
