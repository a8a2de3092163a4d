/**
 * Words as bash is to insert them. Bash quotes names of files by itself, but leaves what looks like a substitution as it
 * is, and a name may hold a command.
 */
import { encodeText } from '../../../ipc/text.ts';
import { printable } from '../../../term/printable.ts';
import type { OpenQuote } from './typedLine.ts';

/** What may stand between quotes of the kind that is open; a word that cannot stand there is undefined. */
export function bashWord(word: string, quote: OpenQuote): string | undefined {
  switch (quote) {
    case '':
      return Array.from(word, (character, at) => outside(character, at === 0)).join('');
    case "'":
      return hasHidden(word) ? undefined : word.replaceAll("'", `'\\''`);
    case '"':
      // No backslash takes the meaning of an exclamation mark there without staying itself.
      return hasHidden(word) || word.includes('!') ? undefined : word.replace(/[\\"$`]/g, '\\$&');
    case "$'":
      return Array.from(word, (character) =>
        /[\\']/.test(character) ? `\\${character}` : isHidden(character) ? bytesOf(character) : character,
      ).join('');
  }
}

function outside(character: string, isFirst: boolean): string {
  if (isHidden(character)) return `$'${bytesOf(character)}'`;
  // Bash takes a word apart at colons and the like: they are not escaped, or it would not know them again.
  if (/[A-Za-z0-9_@%+=:,./^\u0080-\uffff-]/.test(character) || character.length > 1) return character;
  return character === '~' && !isFirst ? character : `\\${character}`;
}

function hasHidden(word: string): boolean {
  return Array.from(word).some(isHidden);
}

function isHidden(character: string): boolean {
  return printable(character) !== character;
}

/** With three octal digits, behind which anything may stand. */
function bytesOf(character: string): string {
  return Array.from(encodeText(character), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
