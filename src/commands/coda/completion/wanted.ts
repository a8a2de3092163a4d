/** What may stand at the cursor: from the tables and the words before it, without asking venus. */
import type { WordKind } from '../../command.ts';
import { normaliseDashes } from '../../words.ts';
import type { CommandTable, ToolTable } from './toolTable.ts';
import { kindAt, kindsOfUsage } from './usageKinds.ts';

/** A word that fits. */
export interface Candidate {
  readonly word: string;
  readonly summary?: string;
}

export interface Wanted {
  /** Known from the tables. */
  readonly candidates: readonly Candidate[];
  /** What else, to be asked for. */
  readonly kind: WordKind;
  /** What stands before it in the same word: `--option=`, or the names of a list. */
  readonly before: string;
  /** What has been typed of it. */
  readonly typed: string;
  /** Words of the command before it, without options. */
  readonly words: readonly string[];
  /** Value of --venus, if it was given. */
  readonly venus: string | undefined;
}

type Option = CommandTable['options'][number];

const NOTHING = { candidates: [], kind: 'other', before: '', words: [], venus: undefined } as const;

/** @param typed what has been typed of the word at the cursor */
export function wantedAt(tool: ToolTable, before: readonly string[], typed: string): Wanted {
  const found = commandOf(tool, before);
  if (!found) return { ...NOTHING, typed, candidates: namesOf(tool, before, typed) };
  const { command, words } = found;
  const wanted = inCommand(tool, command, words, typed);
  // `realm` is no command, but the beginning of others; and `la` may become `lax`.
  return { ...wanted, candidates: fitting(wanted.candidates, typed) };
}

/** The command with the longest name that the words begin with, and the words behind it; common options may stand before. */
function commandOf(
  { commands }: ToolTable,
  before: readonly string[],
): { readonly command: CommandTable; readonly words: readonly string[] } | undefined {
  const [only] = commands;
  if (only?.names.length === 0) return { command: only, words: before };
  const leading = leadingOptions(before);
  const words = before.slice(leading);
  let best: { readonly command: CommandTable; readonly length: number } | undefined;
  for (const command of commands) {
    for (const name of command.names) {
      const parts = name.split(' ');
      const matches = parts.every((part, at) => words[at] === part);
      if (matches && parts.length > (best?.length ?? 0)) best = { command, length: parts.length };
    }
  }
  return best && { command: best.command, words: [...before.slice(0, leading), ...words.slice(best.length)] };
}

function leadingOptions(words: readonly string[]): number {
  let at = 0;
  while (words[at]?.startsWith('-')) at += /^--?(venus|timeout)$/.test(words[at] ?? '') ? 2 : 1;
  return Math.min(at, words.length);
}

/** The next word of the names of commands, each once. */
function namesOf({ commands }: ToolTable, before: readonly string[], typed: string): readonly Candidate[] {
  const words = before.slice(leadingOptions(before));
  const found = new Map<string, Candidate>();
  for (const { names, summary } of commands) {
    for (const parts of names.map((name) => name.split(' '))) {
      const [next, rest] = [parts[words.length], parts.slice(words.length + 1)];
      if (next === undefined || !words.every((word, at) => parts[at] === word)) continue;
      const isWhole = rest.length === 0;
      if (isWhole || !found.has(next)) found.set(next, { word: next, ...(isWhole ? { summary } : {}) });
    }
  }
  const options = words.length === 0 ? ['--help', '--version'].map((word) => ({ word })) : [];
  return fitting([...found.values(), ...(typed.startsWith('-') ? options : [])], typed);
}

function inCommand(
  tool: ToolTable,
  command: CommandTable,
  typedWords: readonly string[],
  typed: string,
): Wanted {
  const { options } = command;
  const { words, pending, ended, venus } = readWords(command, typedWords);
  const common = { ...NOTHING, words, venus };
  if (pending) return { ...common, ...valueOf(pending, '', typed) };
  if (!ended && typed.startsWith('-') && typed !== '-') {
    const [, name = '', value] = /^--?([\w-]+)=(.*)$/s.exec(typed) ?? [];
    const option = options.find(({ flags }) => longName(flags) === name);
    if (value !== undefined) {
      const before = typed.slice(0, typed.length - value.length);
      return option ? { ...common, ...valueOf(option, before, value) } : { ...common, typed };
    }
  }
  if (!ended && typed.startsWith('-')) return { ...common, typed, candidates: optionNames(options, typed) };
  const name = [tool.name, ...(command.names[0]?.split(' ') ?? [])].join(' ');
  const kind = command.completes
    ? (command.completes[Math.min(words.length, command.completes.length - 1)] ?? 'other')
    : kindAt(kindsOfUsage(command.usage, name), words.length);
  const candidates = kind === 'command' ? namesOf(tool, [], typed) : kind === 'shell' ? shells : [];
  return { ...common, typed, kind, candidates };
}

const shells: readonly Candidate[] = ['bash', 'zsh', 'fish'].map((word) => ({ word }));

/** Takes the options out of what was typed. `pending` is the one whose value comes next. */
function readWords({ options, optionsFirst }: CommandTable, typed: readonly string[]) {
  const words: string[] = [];
  let [pending, ended, venus]: [Option | undefined, boolean, string | undefined] = [
    undefined,
    false,
    undefined,
  ];
  for (const word of normaliseDashes(typed, options, optionsFirst)) {
    if (pending) {
      if (longName(pending.flags) === 'venus') venus = word;
      pending = undefined;
    } else if (ended || !word.startsWith('-') || word === '-') {
      words.push(word);
      ended ||= optionsFirst;
    } else if (word === '--') ended = true;
    else {
      if (word.startsWith('--venus=')) venus = word.slice('--venus='.length);
      pending = options.find(({ flags }) => takesValue(flags) && namesIn(flags).includes(word));
    }
  }
  return { words, pending, ended, venus };
}

/** Of a list, the last name is typed. */
function valueOf(
  { flags, values = [] }: Option,
  before: string,
  typed: string,
): Pick<Wanted, 'candidates' | 'kind' | 'before' | 'typed'> {
  const placeholder = /<([^>]+)>/.exec(flags)?.[1] ?? '';
  const kind = valueKinds[placeholder] ?? 'other';
  const isList = placeholder === 'names';
  const comma = isList ? typed.lastIndexOf(',') + 1 : 0;
  const [head, rest] = [before + typed.slice(0, comma), typed.slice(comma)];
  const fixed = placeholder === 'address' ? ['mount:', 'unix:'] : values;
  return {
    kind,
    before: head,
    typed: rest,
    candidates: fixed.filter((value) => value.startsWith(rest)).map((value) => ({ word: head + value })),
  };
}

/** What the values of options are, by how they are called. */
const valueKinds: Readonly<Record<string, WordKind>> = {
  ...{ dir: 'local file', file: 'local file', dump: 'local file', socket: 'local file', path: 'local file' },
  ...{ user: 'user', server: 'server', names: 'server', whose: 'server', volume: 'volume' },
};

/** Spelled as it was begun: a long name is understood with one dash, too. */
function optionNames(options: readonly Option[], typed: string): readonly Candidate[] {
  const single = /^-[^-]/.test(typed);
  return options.flatMap(({ flags, summary }) =>
    namesIn(flags).map((name) => ({ word: single ? name.replace(/^--/, '-') : name, summary })),
  );
}

function namesIn(flags: string): readonly string[] {
  return flags.match(/(?<=^|[ ,])--?[\w-]+/g) ?? [];
}

function longName(flags: string): string | undefined {
  return /--([\w-]+)/.exec(flags)?.[1];
}

function takesValue(flags: string): boolean {
  return flags.includes('<');
}

function fitting(candidates: readonly Candidate[], typed: string): readonly Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(typed));
}
