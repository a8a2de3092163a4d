/** The language of hoard (spec/hoard.md, 3): what a line says. */
import { type Attributes, type Flaw, parseAttributes } from './attributes.ts';
import type { Word } from './words.ts';

export type HoardCommand =
  | { readonly kind: 'add'; readonly path: string; readonly attributes: Attributes }
  | { readonly kind: 'modify'; readonly path: string; readonly attributes: Attributes }
  | { readonly kind: 'delete'; readonly path: string }
  | { readonly kind: 'clear'; readonly uid?: number }
  | { readonly kind: 'list'; readonly outFile?: string; readonly uid?: number }
  | {
      readonly kind: 'verify';
      readonly outFile?: string;
      readonly verbosity: number;
      readonly uid?: number;
    }
  | { readonly kind: 'walk' }
  | { readonly kind: 'on' }
  | { readonly kind: 'off' };

type Kind = HoardCommand['kind'];
type WithUid = Extract<HoardCommand, { readonly kind: 'clear' | 'list' | 'verify' }>;
type Parsed = HoardCommand | Flaw;

const LARGEST_UID = 0xffffffff;
const LARGEST_VERBOSITY = 0x7fffffff;

interface Form {
  readonly name: Kind;
  readonly usage: string;
  readonly most: number;
  readonly read: (words: readonly Word[], end: number) => Parsed;
}

const forms: readonly Form[] = [
  { name: 'add', usage: 'add PATH [ATTRIBUTES]', most: 2, read: readAdd },
  { name: 'clear', usage: 'clear [UID]', most: 1, read: ([uid]) => withUid({ kind: 'clear' }, uid) },
  { name: 'delete', usage: 'delete PATH', most: 1, read: readDelete },
  { name: 'list', usage: 'list [FILE [UID]]', most: 2, read: readList },
  { name: 'modify', usage: 'modify PATH ATTRIBUTES', most: 2, read: readModify },
  { name: 'walk', usage: 'walk', most: 0, read: () => ({ kind: 'walk' }) },
  { name: 'verify', usage: 'verify [FILE [VERBOSITY [UID]]]', most: 3, read: readVerify },
  { name: 'on', usage: 'on', most: 0, read: () => ({ kind: 'on' }) },
  { name: 'off', usage: 'off', most: 0, read: () => ({ kind: 'off' }) },
];

/** The commands that have one letter for a short name. */
const short: Readonly<Record<string, Kind>> = {
  a: 'add',
  c: 'clear',
  d: 'delete',
  l: 'list',
  w: 'walk',
  v: 'verify',
};

const byName = new Map<string, Form>(forms.map((form) => [form.name, form]));
for (const [letter, name] of Object.entries(short)) {
  const form = byName.get(name);
  if (form) byName.set(letter, form);
}

/** The words that a command may begin with, for completion and for help. */
export const commandNames: readonly string[] = forms.map(({ name }) => name);

/** How a command is written. */
export function usageOf(name: string): string | undefined {
  return byName.get(name)?.usage;
}

/** @param words of one line, at least one. @param end where the line ends */
export function parseCommand(words: readonly Word[], end: number): Parsed {
  const [name, ...rest] = words;
  if (name === undefined) return { at: end, what: 'there is no command' };
  const form = byName.get(name.text);
  if (!form) return { at: name.at, what: `${name.text} is no command; there are ${commandNames.join(', ')}` };
  const extra = rest[form.most];
  if (extra) return { at: extra.at, what: `${extra.text} is one word too many: ${form.usage}` };
  return form.read(rest, end);
}

/** Whether a line could not be read. */
export function isFlaw(parsed: object): parsed is Flaw {
  return 'what' in parsed;
}

function readAdd([path, text]: readonly Word[], end: number): Parsed {
  if (!path) return missing('add', 'path', end);
  const attributes = attributesOf(text);
  if (isFlaw(attributes)) return attributes;
  if (text && attributes.members?.which === 'none')
    return { at: text.at, what: 'plain goes with modify: without c, c+, d or d+ an entry is plain' };
  return { kind: 'add', path: path.text, attributes };
}

function readModify([path, text]: readonly Word[], end: number): Parsed {
  if (!path) return missing('modify', 'path', end);
  if (!text) return missing('modify', 'priority or c+, d+ or plain', end);
  const attributes = attributesOf(text);
  if (isFlaw(attributes)) return attributes;
  const { members } = attributes;
  if (members && members.which !== 'none' && !members.later)
    return { at: text.at, what: 'c and d make entries of their own for the members: use add' };
  return { kind: 'modify', path: path.text, attributes };
}

function readDelete([path]: readonly Word[], end: number): Parsed {
  return path ? { kind: 'delete', path: path.text } : missing('delete', 'path', end);
}

function readList([file, uid]: readonly Word[]): Parsed {
  return withUid({ kind: 'list', ...(file === undefined ? {} : { outFile: file.text }) }, uid);
}

function readVerify([file, level, uid]: readonly Word[]): Parsed {
  const verbosity = level === undefined ? 0 : numberOf(level, LARGEST_VERBOSITY);
  if (level !== undefined && verbosity === undefined)
    return { at: level.at, what: `${level.text} is no verbosity: a number is` };
  const base = { kind: 'verify', verbosity: verbosity ?? 0 } as const;
  return withUid({ ...base, ...(file === undefined ? {} : { outFile: file.text }) }, uid);
}

function withUid(command: WithUid, word: Word | undefined): Parsed {
  if (word === undefined) return command;
  const uid = numberOf(word, LARGEST_UID);
  return uid === undefined ? { at: word.at, what: `${word.text} is no user id` } : { ...command, uid };
}

function numberOf({ text }: Word, largest: number): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= largest ? Number(text) : undefined;
}

/** With the place of a flaw in the line. */
function attributesOf(word: Word | undefined): Attributes | Flaw {
  if (word === undefined) return {};
  const parsed = parseAttributes(word.text);
  return isFlaw(parsed) ? { ...parsed, at: word.at + parsed.at } : parsed;
}

function missing(name: string, what: string, end: number): Flaw {
  return { at: end, what: `the ${what} is missing: ${usageOf(name) ?? name}` };
}
