/** A hoard file, line by line, in flat memory whatever its length. */
import { decodeText } from '../ipc/text.ts';
import { type HoardCommand, isFlaw, parseCommand } from './command.ts';
import { splitWords } from './words.ts';

/** A line that says something, counted from 1. */
export interface GoodLine {
  readonly line: number;
  readonly command: HoardCommand;
}

/** A line that cannot be read, and from which column on, from 1. */
export interface BadLine {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
  /** As it stands in the file. */
  readonly text: string;
}

export type HoardLine = GoodLine | BadLine;

/** Bytes of a line at most: what the C tool cuts into pieces (spec/hoard.md, 2). */
const MAX_LINE = 5119;
/** Bytes of a bad line that are shown of it. */
const SHOWN = 200;
const NEWLINE = 0x0a;

/** Reads one line, as it is typed. @returns undefined for one that says nothing */
export function parseLine(text: string, line = 1): HoardLine | undefined {
  const words = splitWords(text);
  if (isFlaw(words)) return { line, column: words.at + 1, problem: words.what, text };
  if (words.length === 0) return undefined;
  const parsed = parseCommand(words, text.trimEnd().length);
  return isFlaw(parsed)
    ? { line, column: parsed.at + 1, problem: parsed.what, text }
    : { line, command: parsed };
}

/** Takes bytes as they come and gives lines. */
export class HoardLines {
  #line = 0;
  #rest: Uint8Array = new Uint8Array(0);
  /** Whether the line that has begun is too long, and has been told of. */
  #isSkipping = false;

  /** The lines that the bytes complete. */
  *take(bytes: Uint8Array): Generator<HoardLine> {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      yield* this.#lines(Buffer.concat([this.#rest, bytes.subarray(0, end)]));
      this.#rest = new Uint8Array(0);
    }
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(end)]);
    if (this.#rest.length <= MAX_LINE) return;
    if (!this.#isSkipping) yield tooLong(this.#line + 1, this.#rest);
    this.#isSkipping = true;
    this.#rest = new Uint8Array(0);
  }

  /** The last line, if it has no end. */
  *end(): Generator<HoardLine> {
    if (this.#rest.length > 0) yield* this.#lines(Buffer.concat([this.#rest, Uint8Array.of(NEWLINE)]));
    this.#rest = new Uint8Array(0);
  }

  /** @param bytes whole lines */
  *#lines(bytes: Uint8Array): Generator<HoardLine> {
    const text = decodeText(bytes);
    for (let begin = 0; begin < text.length;) {
      const end = text.indexOf('\n', begin);
      const line = text.slice(begin, end);
      begin = end + 1;
      this.#line += 1;
      if (this.#isSkipping) {
        this.#isSkipping = false;
        continue;
      }
      const parsed =
        line.length > MAX_LINE ? tooLong(this.#line, Buffer.from(line)) : parseLine(line, this.#line);
      if (parsed) yield parsed;
    }
  }
}

function tooLong(line: number, bytes: Uint8Array): BadLine {
  const text = `${decodeText(bytes.subarray(0, SHOWN))}...`;
  return { line, column: MAX_LINE + 1, problem: `a line has at most ${MAX_LINE} bytes`, text };
}
