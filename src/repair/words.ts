/** The line of a command as words: blanks separate, quotes and backslashes keep together. */
import { CodaError } from '../ipc/errors.ts';
import { decodeText, encodeText } from '../ipc/text.ts';

/** A line that has no meaning. */
export class LineError extends CodaError {
  readonly code = 'usage';
}

/** The letter that may stand behind a backslash for a character that cannot be typed. */
const letters: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/**
 * Splits a line. `'…'` keeps all as it is; in `"…"` and outside a backslash takes the next character as it is, and
 * `\n`, `\t`, `\r`, `\xNN` (a byte) stand for what cannot be typed: names are shown in the same way.
 * @throws LineError for a quote without its end
 */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === '\\' && quote !== "'") {
      const { text, length } = escapeAt(line, at);
      word = (word ?? '') + text;
      at += length - 1;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === quote) quote = undefined;
    else if (quote === undefined && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (quote !== undefined)
    throw new LineError(`the quote ${quote} has no end`, {
      next: `Write ${quote} once more where the name ends, or \\${quote} for the character itself.`,
    });
  const all = word === undefined ? words : [...words, word];
  // Bytes of one character that were written one by one come together.
  return all.map((each) => decodeText(encodeText(each)));
}

function escapeAt(line: string, at: number): { readonly text: string; readonly length: number } {
  const next = line.charAt(at + 1);
  if (next === '') throw new LineError('the line ends in a backslash');
  const [, digits] = /^\\x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 4)) ?? [];
  if (digits !== undefined) {
    const byte = Number.parseInt(digits, 16);
    if (byte === 0) throw new LineError('no name contains a NUL');
    return { text: String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte), length: 4 };
  }
  return { text: letters[next] ?? next, length: 2 };
}

/** A word as it can be typed: the other way round. */
export function quoteWord(word: string): string {
  const quoted = Array.from(word, (character) => {
    const code = character.charCodeAt(0);
    if (character.length === 1 && code >= 0xdc80 && code <= 0xdcff) return hex(code - 0xdc00);
    if (code < 0x20 || code === 0x7f) return hex(code);
    return /[\s\\"']/.test(character) ? `\\${character}` : character;
  }).join('');
  return quoted === '' ? '""' : quoted;
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}
