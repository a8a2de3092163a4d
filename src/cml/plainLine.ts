/** Understands the plain lines of a log's text without making strings of them. */
import { formAt, startsWith } from './cmlRecords.ts';
import type { Form } from './cmlText.ts';
import { encodeText } from '../ipc/text.ts';

const LENGTH = encodeText(' (length = ');
const [NEWLINE, SLASH, DOT, QUESTION_MARK, CLOSING] = [0x0a, 0x2f, 0x2e, 0x3f, 0x29];
const [ZERO, NINE] = [0x30, 0x39];
/** All numbers of so many digits are exact. */
const MAX_DIGITS = 15;

/**
 * A line about something that is made or stored in a known directory. One is used for all lines, as an object for each
 * would cost as much as reading it.
 */
export class PlainLine {
  op: 'create' | 'mkdir' | 'store' = 'create';
  /** Where its name stands. */
  nameFrom = 0;
  nameEnd = 0;
  /** Of what is stored, in bytes. */
  length = 0;
  /** Where the next line begins. */
  next = -1;
  #nextForm: Form | undefined;

  /**
   * @param words the same bytes, to be compared four at a time
   * @param whole where the last line that is whole ends
   * @param directory its path as the text has it
   * @returns whether it is one, and an entry of one line; nothing is known of it if not
   */
  read(bytes: Uint8Array, words: DataView, from: number, whole: number, directory: DataView): boolean {
    // The form of the line that follows the one before is known.
    const form = from === this.next ? this.#nextForm : from < whole ? formAt(bytes, from) : undefined;
    this.next = -1;
    if (form === undefined) return false;
    const { op, beginning } = form;
    if (op !== 'store' && op !== 'create' && op !== 'mkdir') return false;
    const path = from + beginning.length;
    const slash = path + directory.byteLength;
    if (bytes[slash] !== SLASH || !isSame(words, path, directory)) return false;
    const end = endOfName(bytes, slash + 1);
    if (end === undefined || end + 1 >= whole) return false;
    this.#nextForm = formAt(bytes, end + 1);
    if (this.#nextForm === undefined) return false;
    this.op = op;
    this.nameFrom = slash + 1;
    this.nameEnd = end;
    if (op === 'store' && !this.#readLength(bytes)) return false;
    const length = this.nameEnd - this.nameFrom;
    if (length < 1 || (length === 1 && bytes[slash + 1] === DOT)) return false;
    this.next = end + 1;
    return true;
  }

  #readLength(bytes: Uint8Array): boolean {
    const last = this.nameEnd - 1;
    let from = last;
    while (isDigit(bytes[from - 1] ?? 0)) from -= 1;
    if (bytes[last] !== CLOSING || from === last || last - from > MAX_DIGITS) return false;
    this.length = numberAt(bytes, from, last);
    this.nameEnd = from - LENGTH.length;
    return this.nameEnd > this.nameFrom && startsWith(bytes, this.nameEnd, LENGTH);
  }
}

/** Whether bytes stand somewhere among others. */
function isSame(words: DataView, from: number, wanted: DataView): boolean {
  const length = wanted.byteLength;
  let at = 0;
  for (; at + 4 <= length; at += 4) if (words.getInt32(from + at) !== wanted.getInt32(at)) return false;
  for (; at < length; at++) if (words.getUint8(from + at) !== wanted.getUint8(at)) return false;
  return true;
}

/** The newline behind a name; undefined for a further directory, and for question marks, as unknown names have. */
function endOfName(bytes: Uint8Array, from: number): number | undefined {
  for (let at = from; ; at++) {
    const byte = bytes[at];
    if (byte === NEWLINE) return at;
    if (byte === SLASH || byte === QUESTION_MARK || byte === undefined) return undefined;
  }
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

function numberAt(bytes: Uint8Array, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < end; at++) value = value * 10 + ((bytes[at] ?? ZERO) - ZERO);
  return value;
}
