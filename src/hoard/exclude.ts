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
  const steps = stepsOf(bare.startsWith('/') ? bare.slice(1) : bare, glob);
  if (steps.length === 0) throw new BadGlobError(`${glob}: an empty glob`);
  const ofName = !bare.includes('/');
  return (path, isDirectory) => {
    if (ofDirectories && !isDirectory) return false;
    return fits(steps, ofName ? path.slice(path.lastIndexOf('/') + 1) : path);
  };
}

/** What a glob asks of a character, and whether it may ask it of any number of them. */
interface Step {
  readonly takes: (character: string) => boolean;
  readonly repeats: boolean;
  /** Takes nothing itself: so many steps may be left out with it. */
  readonly skips?: number;
}

const notSlash = (character: string) => character !== '/';

/** Any number of whole components, each with its slash. */
const anyDirectories: readonly Step[] = [
  { takes: () => false, repeats: false, skips: 3 },
  { takes: () => true, repeats: true },
  { takes: (character) => character === '/', repeats: false },
];

function stepsOf(glob: string, whole: string): readonly Step[] {
  const steps: Step[] = [];
  for (let rest = glob; rest !== '';) {
    const [found = '', escaped, set] = /^(?:\*\*\/|\*+|\?|\\(.)|\[([!^]?\]?[^\]]*)\]|.)/su.exec(rest) ?? [];
    rest = rest.slice(found.length);
    if (found === '**/') steps.push(...anyDirectories);
    else if (found.startsWith('*'))
      steps.push({ takes: found === '*' ? notSlash : () => true, repeats: true });
    else if (found === '?') steps.push({ takes: notSlash, repeats: false });
    else if (set !== undefined) steps.push({ takes: memberOf(set, whole), repeats: false });
    else if (found === '[' || found === '\\') throw new BadGlobError(`${whole}: ${found} without its end`);
    else steps.push({ takes: (character) => character === (escaped ?? found), repeats: false });
  }
  return steps;
}

/** @param set the part between the brackets */
function memberOf(set: string, whole: string): Step['takes'] {
  const isNegated = /^[!^]/.test(set);
  const ranges: (readonly [string, string])[] = [];
  for (const [, low = '', , high = low] of set.slice(isNegated ? 1 : 0).matchAll(/(.)(-(.))?/gsu)) {
    if (low > high) throw new BadGlobError(`${whole}: [${set}] is no set of characters`);
    ranges.push([low, high]);
  }
  if (ranges.length === 0) throw new BadGlobError(`${whole}: [${set}] is no set of characters`);
  return (character) =>
    notSlash(character) && ranges.some(([low, high]) => low <= character && character <= high) !== isNegated;
}

/** Follows all ways at once, so that no glob takes longer than its length times that of the text. */
function fits(steps: readonly Step[], text: string): boolean {
  let reached = new Set<number>();
  reach(steps, 0, reached);
  for (const character of text) {
    const next = new Set<number>();
    for (const at of reached) {
      const step = steps[at];
      if (step?.takes(character)) reach(steps, step.repeats ? at : at + 1, next);
    }
    reached = next;
  }
  return reached.has(steps.length);
}

/** Notes a place in the glob, and those behind steps that may take nothing. */
function reach(steps: readonly Step[], at: number, into: Set<number>): void {
  if (into.has(at)) return;
  into.add(at);
  const step = steps[at];
  if (step?.repeats || step?.skips) reach(steps, at + 1, into);
  if (step?.skips) reach(steps, at + step.skips, into);
}
