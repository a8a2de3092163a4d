import { encodeText } from '../ipc/text.ts';
import { printable } from './printable.ts';

const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * A word as it can be given to a shell, in a command that somebody may copy: others choose the names of files, and one
 * may hold a command. What a terminal would not show stands as `$'\xNN'`, which bash, zsh and ksh read.
 */
export function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (printable(word) === word) return `'${word.replaceAll("'", `'\\''`)}'`;
  return `$'${Array.from(word, escaped).join('')}'`;
}

function escaped(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`;
  if (printable(character) === character) return character;
  return Array.from(encodeText(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
