/**
 * The access list of a directory, and its text.
 *
 * As venus answers it (a TAB between name and rights) and as it is sent back (a blank), always positive entries
 * first (spec/cfs.md, 7.1 and 7.2):
 *
 *     2                      number of positive entries
 *     1                      number of negative entries
 *     System:AnyUser 9       positive: rl
 *     jan 127                positive: rlidwka
 *     bad 1                  negative: r
 */
import { CodaError } from '../ipc/errors.ts';
import { textLength } from '../ipc/text.ts';

export interface AccessEntry {
  readonly name: string;
  /** Bits, see rights.ts; those without a letter are kept. */
  readonly rights: number;
}

export interface AccessList {
  readonly positive: readonly AccessEntry[];
  readonly negative: readonly AccessEntry[];
}

/** Which half of an access list. */
export type AclSide = keyof AccessList;

export const MAX_ENTRIES = 20;
/** Bytes of the text with its NUL. */
export const MAX_TEXT = 1000;
export const MAX_NAME = 100;

/** The text is not an access list. */
export class AclTextError extends CodaError {
  readonly code = 'bad-acl';
}

/** The list is one that servers do not take. */
export class AclLimitError extends CodaError {
  readonly code = 'acl-limit';
}

/** `reply`: as venus answers, names may contain blanks. `request`: as it is sent. */
export type AclForm = 'reply' | 'request';

/** @throws AclTextError */
export function parseAcl(text: string, form: AclForm): AccessList {
  const lines = text.split('\n');
  const [positiveCount, negativeCount] = [parseCount(lines[0]), parseCount(lines[1])];
  const entries = lines.slice(2, 2 + positiveCount + negativeCount).map((line) => parseEntry(line, form));
  if (entries.length < positiveCount + negativeCount) throw new AclTextError('the access list is cut short');
  return { positive: entries.slice(0, positiveCount), negative: entries.slice(positiveCount) };
}

/** Entries without rights say nothing and are left out of a request. */
export function formatAcl(list: AccessList, form: AclForm): string {
  const keep = (entry: AccessEntry) => form === 'reply' || entry.rights !== 0;
  const positive = list.positive.filter(keep);
  const negative = list.negative.filter(keep);
  const separator = form === 'reply' ? '\t' : ' ';
  const lines = [...positive, ...negative].map(({ name, rights }) => `${name}${separator}${rights}\n`);
  return `${positive.length}\n${negative.length}\n${lines.join('')}`;
}

/**
 * Refuses, before anything is sent, what the servers would refuse.
 * @throws AclLimitError
 */
export function checkAcl(list: AccessList): void {
  const entries = [...list.positive, ...list.negative].filter(({ rights }) => rights !== 0);
  if (entries.length > MAX_ENTRIES) {
    throw new AclLimitError('Argument list too long', {
      why: `The access list would have ${entries.length} entries; servers take ${MAX_ENTRIES}.`,
      next: 'Put users into a group, and give the rights to the group.',
    });
  }
  for (const { name } of entries) {
    if (!/\s/.test(name) && name !== '' && textLength(name) <= MAX_NAME) continue;
    throw new AclLimitError('Invalid argument', {
      why: `"${name}" cannot be the name of a user or group: 1 to ${MAX_NAME} bytes without white space.`,
    });
  }
  const length = textLength(formatAcl(list, 'request')) + 1;
  if (length > MAX_TEXT) {
    throw new AclLimitError('Argument list too long', {
      why: `The access list would take ${length} bytes as text; servers take ${MAX_TEXT}.`,
      next: 'Put users into a group, and give the rights to the group.',
    });
  }
}

function parseCount(line: string | undefined): number {
  const count = Number(line);
  if (line?.trim() && Number.isInteger(count) && count >= 0 && count <= MAX_TEXT) return count;
  throw new AclTextError('the access list does not begin with two counts');
}

function parseEntry(line: string, form: AclForm): AccessEntry {
  const [name = '', ...rest] = form === 'reply' ? cutAtTab(line) : line.trim().split(/\s+/);
  const rights = Number.parseInt(rest[0] ?? '', 10);
  if (rest[0]?.trim() && (form === 'reply' || (name !== '' && !Number.isNaN(rights)))) {
    // What is no number counts as 0, as C's atoi has it.
    return { name, rights: rights | 0 };
  }
  throw new AclTextError(`the access list has an entry without rights: ${JSON.stringify(line)}`);
}

function cutAtTab(line: string): readonly string[] {
  const tab = line.indexOf('\t');
  return tab < 0 ? [line] : [line.slice(0, tab), line.slice(tab + 1)];
}
