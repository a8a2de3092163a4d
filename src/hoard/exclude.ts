/**
 * What `hoard add --exclude GLOB` leaves out of what an entry expands to. A glob without a slash is about the last
 * component, wherever it is; one with a slash about the whole path below the entry. `*` and `?` stop at slashes, `**`
 * does not, `[a-z]` and `[!a-z]` are one character, a backslash takes the next one as it is. What a glob with a slash at
 * its end fits is left out if it is a directory. What lies in an excluded directory is excluded with it.
 */
import { CodaError } from '../ipc/errors.ts';

/** A glob that cannot be one. */
export class BadGlobError extends CodaError {
  readonly code = 'bad-glob';
}

/** Tells of a member whose directory is not excluded whether it is. @param path below the entry, as `src/a.o` */
export type Excluder = (path: string, isDirectory: boolean) => boolean;

/** @throws BadGlobError */
export function excluder(globs: readonly string[]): Excluder {
  const matchers = globs.map(compile);
  return (path, isDirectory) => matchers.some((matches) => matches(path, isDirectory));
}

function compile(glob: string): Excluder {
  const ofDirectories = glob.endsWith('/');
  const bare = ofDirectories ? glob.slice(0, -1) : glob;
  const rooted = bare.startsWith('/') ? bare.slice(1) : bare;
  if (rooted === '') throw new BadGlobError(`${glob}: an empty glob`);
  const pattern = new RegExp(`^${toPattern(rooted, glob)}$`, 's');
  const ofName = !bare.includes('/');
  return (path, isDirectory) => {
    if (ofDirectories && !isDirectory) return false;
    return pattern.test(ofName ? path.slice(path.lastIndexOf('/') + 1) : path);
  };
}

function toPattern(glob: string, whole: string): string {
  let pattern = '';
  for (let rest = glob; rest !== '';) {
    const [found = '', escaped, set] = /^(?:\*\*\/|\*+|\?|\\(.)|\[([!^]?\]?[^\]]*)\]|.)/s.exec(rest) ?? [];
    rest = rest.slice(found.length);
    if (found === '**/') pattern += '(?:.*/)?';
    else if (/^\*\*+$/.test(found)) pattern += '.*';
    else if (found === '*') pattern += '[^/]*';
    else if (found === '?') pattern += '[^/]';
    else if (set !== undefined) pattern += toClass(set, whole);
    else if (found === '[' || found === '\\') throw new BadGlobError(`${whole}: ${found} without its end`);
    else pattern += literally(escaped ?? found);
  }
  return pattern;
}

/** The part of a set between its brackets. */
function toClass(set: string, whole: string): string {
  const isNegated = /^[!^]/.test(set);
  const members = (isNegated ? set.slice(1) : set).replace(/[\\\]^[]/g, '\\$&');
  const pattern = `(?!/)[${isNegated ? '^' : ''}${members}]`;
  try {
    new RegExp(pattern, 's');
  } catch (cause) {
    throw new BadGlobError(`${whole}: [${set}] is no set of characters`, {}, { cause });
  }
  return pattern;
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
