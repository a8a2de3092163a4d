import { MAX_OUTPUT } from '../../../ipc/framing.ts';
import { encodeText, textLength } from '../../../ipc/text.ts';
import { type Lookaside, LookasideError } from './lookaside.ts';
import type { LookasidePlace } from './place.ts';

const USAGE = 'Usage: cfs lka [--clear] [+/-<db1>] [+/-<db2>] [+/-<db3>] ...\n        cfs lka --list\n\n';
const [LIST, CLEAR] = ['--list', '--clear'];
/** Says that there would have been more. */
const CUT = '...\n';

/**
 * Does what a text says about the places of a lookaside: `--list`, or `--clear`, `+PATH` and `-PATH` in their order
 * (spec/cfs.md, 6.5).
 * @returns what came of it, which is the only way in which venus tells
 */
export async function runLookaside(lookaside: Lookaside, text: string): Promise<string> {
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, '');
  if (trimmed.startsWith(LIST)) return fitting(lookaside.places.map(lineOf));
  const clears = trimmed.startsWith(CLEAR);
  const words = (clears ? trimmed.slice(CLEAR.length) : trimmed)
    .split(/[ \t]+/)
    .filter((word) => word !== '');
  const isKnown = words.every((word) => /^[+-]./s.test(word));
  if (!isKnown || (words.length === 0 && !clears)) return USAGE;
  if (clears) lookaside.clear();
  const answers = clears ? ['All lkdbs removed\n'] : [];
  for (const word of words) answers.push(await change(lookaside, word, clears));
  return fitting(answers);
}

async function change(lookaside: Lookaside, word: string, isCleared: boolean): Promise<string> {
  const path = word.slice(1);
  if (word.startsWith('-')) {
    if (isCleared) return '';
    return lookaside.remove(path) ? `${path} removed\n` : `${path} not in lookaside list\n`;
  }
  try {
    return `${path} added (${(await lookaside.add(path)).entries} entries)\n`;
  } catch (error) {
    if (error instanceof LookasideError) return error.message;
    throw error;
  }
}

function lineOf({ path, entries, attempts, hits, failures }: LookasidePlace): string {
  return `${path} (${entries} entries) [attempts = ${attempts}  hits = ${hits}  shafails = ${failures}]\n`;
}

/** As many as a reply has room for, with its NUL. */
function fitting(lines: readonly string[]): string {
  const room = MAX_OUTPUT - 1;
  let text = '';
  for (const line of lines) {
    if (textLength(text + line) <= room) text += line;
    else return cut(text, room);
  }
  return text;
}

function cut(text: string, room: number): string {
  let kept = text;
  while (encodeText(kept + CUT).length > room)
    kept = kept.slice(0, kept.lastIndexOf('\n', kept.length - 2) + 1);
  return kept + CUT;
}
