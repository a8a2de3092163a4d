import type { Flaw } from './attributes.ts';

/** A word of a line, and where it begins, from 0. */
export interface Word {
  readonly text: string;
  readonly at: number;
}

const [QUOTE, BACKSLASH, HASH] = [0x22, 0x5c, 0x23];

/**
 * Splits a line at white space. A word that begins with a double quote goes on to the next one, so that names with blanks
 * can be given; in it a backslash takes the next character as it is. A line that begins with # has no words.
 */
export function splitWords(line: string): readonly Word[] | Flaw {
  const words: Word[] = [];
  for (let at = 0; at < line.length;) {
    const code = line.charCodeAt(at);
    if (isBlank(code)) {
      at += 1;
    } else if (code === HASH && words.length === 0) {
      return words;
    } else if (code === QUOTE) {
      const quoted = quotedWord(line, at);
      if ('what' in quoted) return quoted;
      words.push({ text: quoted.text, at });
      at = quoted.end;
    } else {
      const end = endOfWord(line, at);
      words.push({ text: line.slice(at, end), at });
      at = end;
    }
  }
  return words;
}

/** A word as it is to be written so that {@link splitWords} reads it again. */
export function quoteHoardWord(text: string): string {
  const isPlain = text !== '' && !/^["#]|[ \t\n\v\f\r]/.test(text);
  return isPlain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function quotedWord(line: string, at: number): Flaw | { readonly text: string; readonly end: number } {
  let text = '';
  for (let next = at + 1; next < line.length; next++) {
    const code = line.charCodeAt(next);
    if (code === BACKSLASH && next + 1 < line.length) {
      next += 1;
      text += line.charAt(next);
    } else if (code !== QUOTE) {
      text += line.charAt(next);
    } else if (next + 1 < line.length && !isBlank(line.charCodeAt(next + 1))) {
      return { at: next + 1, what: 'a blank belongs behind the quote' };
    } else {
      return { text, end: next + 1 };
    }
  }
  return { at, what: 'the quote that begins here has no end' };
}

function endOfWord(line: string, at: number): number {
  let end = at;
  while (end < line.length && !isBlank(line.charCodeAt(end))) end += 1;
  return end;
}

/** As C's isspace: blank, tab, line feed, vertical tab, form feed, carriage return. */
function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
