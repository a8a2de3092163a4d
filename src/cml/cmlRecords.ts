/** Finds the entries of a log in its text, many of which need not be made into strings to be understood. */
import { CodaError } from '../ipc/errors.ts';
import { concatBytes, decodePart, encodeText } from '../ipc/text.ts';
import type { CmlLine } from './cmlLine.ts';
import { type Form, forms, readAs } from './cmlText.ts';

/** Bytes of a line, those of a name with newlines taken together; two of the longest names fit. */
const MAX_LINE = 256 * 1024;
const NEWLINE = 0x0a;

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

const beginnings = forms.map((form) => ({ form, bytes: encodeText(form.beginning) }));

/** An entry at its place in the text. */
export interface CmlRecord {
  readonly form: Form;
  /** Of its first line, counted from 1. */
  readonly number: number;
  /** Where it stands in {@link bytes}; the newline at its end is not a part of it. */
  readonly from: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** Entries of one line each that somebody has taken in. */
export interface TakenLines {
  /** Where the first line begins that is not one of them. */
  readonly end: number;
  readonly count: number;
}

/** Who is shown the entries of a text; their bytes are right only meanwhile. */
export interface RecordVisitor {
  readonly see: (record: CmlRecord) => void;
  /** Is asked first, for those who know a faster way for some. @param whole where the last line that is whole ends */
  readonly take?: (bytes: Uint8Array, from: number, whole: number) => TakenLines;
}

/**
 * Takes in the text chunk by chunk; memory does not grow with its length. Lines that begin with no operation belong to the
 * name before them, which had a newline in it, so that an entry is known only when the next one begins.
 */
export class CmlScanner {
  readonly #visitor: RecordVisitor;
  /** From the entry on that may go on. */
  #rest: Uint8Array = new Uint8Array();
  /** Of its first line. */
  #number = 1;

  constructor(visitor: RecordVisitor) {
    this.#visitor = visitor;
  }

  /** @throws CmlTextError at a line that cannot be understood */
  take(chunk: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? chunk : concatBytes([this.#rest, chunk]);
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    const done = this.#takeEntries(bytes, whole);
    if (whole - done > MAX_LINE) throw new CmlTextError(this.#number, 'it is too long');
    // Whoever reads may use the chunk again.
    this.#rest = new Uint8Array(bytes.subarray(done));
    if (bytes.length - whole > MAX_LINE) throw new CmlTextError(this.#lastLine(), 'it is too long');
  }

  /** To be called when there is no more. @throws CmlTextError */
  finish(): void {
    const rest = this.#rest;
    if (rest.length === 0) return;
    if (rest.at(-1) !== NEWLINE) throw new CmlTextError(this.#lastLine(), 'it has no end');
    this.#show(rest, 0, rest.length - 1);
  }

  /** @returns where the entry begins that may go on */
  #takeEntries(bytes: Uint8Array, whole: number): number {
    for (let at = 0; ;) {
      const taken = this.#visitor.take?.(bytes, at, whole);
      if (taken !== undefined) {
        at = taken.end;
        this.#number += taken.count;
      }
      if (at === whole) return at;
      if (formAt(bytes, at) === undefined)
        throw new CmlTextError(this.#number, 'it begins with no operation');
      const end = endOfEntry(bytes, at, whole);
      if (end === undefined) return at;
      this.#show(bytes, at, end);
      this.#number += linesIn(bytes, at, end + 1);
      at = end + 1;
    }
  }

  #show(bytes: Uint8Array, from: number, end: number): void {
    const [form, number] = [formAt(bytes, from), this.#number];
    if (form === undefined) throw new CmlTextError(number, 'it begins with no operation');
    if (end - from > MAX_LINE) throw new CmlTextError(number, 'it is too long');
    this.#visitor.see({ form, number, bytes, from, end });
  }

  /** The number of the line that is not whole. */
  #lastLine(): number {
    return this.#number + linesIn(this.#rest, 0, this.#rest.length);
  }
}

/** The newline before the next line that begins with an operation. */
function endOfEntry(bytes: Uint8Array, from: number, whole: number): number | undefined {
  for (let end = bytes.indexOf(NEWLINE, from); end + 1 < whole; end = bytes.indexOf(NEWLINE, end + 1)) {
    if (formAt(bytes, end + 1) !== undefined) return end;
  }
  return undefined;
}

function linesIn(bytes: Uint8Array, from: number, end: number): number {
  let count = 0;
  for (let at = from; at < end; at++) if (bytes[at] === NEWLINE) count += 1;
  return count;
}

/** How a line is read that begins with an operation; others go on with the name of the line before. */
export function formAt(bytes: Uint8Array, at: number): Form | undefined {
  for (const beginning of beginnings) if (startsWith(bytes, at, beginning.bytes)) return beginning.form;
  return undefined;
}

/** Whether bytes stand somewhere among others. */
export function startsWith(bytes: Uint8Array, from: number, beginning: Uint8Array): boolean {
  for (let at = 0; at < beginning.length; at++) if (bytes[from + at] !== beginning[at]) return false;
  return true;
}

/** @throws CmlTextError for what does not have the form of its operation */
export function readRecord({ form, number, bytes, from, end }: CmlRecord): CmlLine {
  const line = readAs(form, decodePart(bytes, from, end));
  if (line === undefined) throw new CmlTextError(number, 'it does not have the form of its operation');
  return line;
}

/**
 * The entries of a log, in its order; memory does not grow with its length.
 * @throws CmlTextError at the first line that cannot be understood
 */
export async function* parseCml(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<CmlLine> {
  let lines: CmlLine[] = [];
  const scanner = new CmlScanner({ see: (record) => lines.push(readRecord(record)) });
  for await (const chunk of chunks) {
    scanner.take(chunk);
    yield* lines;
    lines = [];
  }
  scanner.finish();
  yield* lines;
}
