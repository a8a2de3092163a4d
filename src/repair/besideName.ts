import { textLength } from '../ipc/text.ts';

/** Bytes of a name that Coda can hold. */
const MAX_NAME = 255;
/** Characters of a host's name that are shown. */
const MAX_HOST = 64;
/** Endings that belong together, as in `source.tar.gz`. */
const DOUBLE_ENDING = /\.[A-Za-z0-9]{1,8}\.(gz|bz2|xz|zst|Z)$/;
const ENDING = /\.[A-Za-z][A-Za-z0-9]{0,9}$/;

/**
 * The name under which a version is kept beside another: `paper.tex` becomes `paper.laptop.2026-11-21.tex`, so that
 * programs still know what it is.
 * @param name of the other version
 * @param type only files have endings
 * @param modified milliseconds since 1970, of the version that is kept; the day is that of the local time zone
 * @param attempt 1 for the first one; further ones get a number
 * @param longest bytes of the name at most
 */
export function besideName(
  name: string,
  type: 'file' | 'directory' | 'symlink' | 'none',
  host: string,
  modified: number,
  attempt: number,
  longest = MAX_NAME,
): string {
  const ending = type === 'directory' ? '' : endingOf(name);
  const stem = name.slice(0, name.length - ending.length);
  const number = attempt === 1 ? '' : `.${attempt}`;
  const plainHost = host.replace(/[^\p{L}\p{N}.-]/gu, '_').slice(0, MAX_HOST);
  const added = `.${plainHost}.${dayOf(modified)}${number}${ending}`;
  return `${cutTo(stem, longest - textLength(added))}${added}`;
}

/** A dot at the beginning only hides a file. */
function endingOf(name: string): string {
  const ending = (DOUBLE_ENDING.exec(name) ?? ENDING.exec(name))?.[0] ?? '';
  return ending.length === name.length ? '' : ending;
}

function dayOf(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The longest beginning of a text with at most so many bytes that ends with a whole character. */
function cutTo(text: string, bytes: number): string {
  if (textLength(text) <= bytes) return text;
  let cut = '';
  let length = 0;
  for (const character of text) {
    length += textLength(character);
    if (length > bytes) break;
    cut += character;
  }
  return cut;
}
