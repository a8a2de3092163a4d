/** What `coda complete` prints: words and how to show them, separated by NULs. */
import { bashWord } from './bashWord.ts';
import type { Shell } from './scripts.ts';
import { type OpenQuote, parseLine } from './typedLine.ts';
import type { Candidate } from './wanted.ts';

/** How bash stands to the word: what it would replace, with its quotes, and the quote that is open. */
export interface BashWord {
  readonly replaced: string;
  readonly quote: OpenQuote;
}

/**
 * The first record holds words that say how the others are to be shown: `nospace`, `filenames` and `files`.
 * @param found unsorted
 * @param typed the word at the cursor, as a whole
 * @param takesFiles whether names of local files fit, too
 */
export function formatAnswer(
  shell: Shell,
  found: readonly Candidate[],
  typed: string,
  takesFiles: boolean,
  inBash: BashWord | undefined,
): string {
  const known = new Map(found.map((candidate) => [candidate.word, candidate]));
  const words = [...known.keys()].sort();
  const goesOn = words.length > 0 && words.every((word) => /[/=:,]$/.test(word));
  const answers =
    inBash === undefined
      ? words.flatMap((word) => shownWord(shell, word, known.get(word)?.summary))
      : inBashWords(words, typed, inBash);
  // Then nothing needs quotes, and only the last part of paths is listed.
  const arePaths =
    words.every((word) => /^[A-Za-z0-9_+./-]*$/.test(word)) && words.some((word) => word.includes('/'));
  const flags = [
    ...(goesOn ? ['nospace'] : []),
    ...(arePaths ? ['filenames'] : []),
    ...(takesFiles ? ['files'] : []),
  ];
  return [flags.join(' '), ...answers].map((text) => `${text}\0`).join('');
}

/** In a list of words for fish each is a line, and a tab begins its description. */
function shownWord(shell: Shell, word: string, summary: string | undefined): readonly string[] {
  if (shell !== 'fish') return [word];
  if (/[\t\n]/.test(word)) return [];
  return [summary === undefined ? word : `${word}\t${summary}`];
}

/** Bash takes words apart at colons and the like, and wants no more than the part behind the last. */
function inBashWords(
  words: readonly string[],
  typed: string,
  { replaced, quote }: BashWord,
): readonly string[] {
  const { current } = parseLine(`${quote}${replaced}`);
  const stripped = typed.endsWith(current) ? typed.length - current.length : 0;
  return words.flatMap((word) => bashWord(word.slice(stripped), quote) ?? []);
}
