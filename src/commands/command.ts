import type { Context } from './context.ts';

/** One thing a user can type: what a file in src/commands/TOOL/ exports. */
export interface Command {
  /** The words after `Usage: `, as the classic tool prints them where there is one. */
  readonly usage: string;
  /** One line for lists of commands. */
  readonly summary: string;
  /** Paragraphs for `--help`. */
  readonly description?: readonly string[];
  readonly options?: readonly Option[];
  readonly examples?: readonly string[];
  /** How many words it takes besides options; any number if absent. */
  readonly words?: { readonly min?: number; readonly max?: number };
  /** Options end at the first word that is none (setacl's directory). */
  readonly optionsFirst?: boolean;
  /** What the words are, one after the other, where the usage does not say it in words that completion knows; the last repeats. */
  readonly completes?: readonly WordKind[];
  /** Its words are what somebody else typed: none of them is an option. */
  readonly verbatim?: boolean;
  /** Rewrites the words before options are looked for, where their order means something. */
  readonly prepare?: (words: readonly string[]) => readonly string[];
  /** What the classic tool exits with when the operation fails; 255 for most (spec/cfs.md, 1.3). */
  readonly classicFailure?: number;
  run(context: Context, words: readonly string[], options: Options): Promise<void>;
}

/** An option of a command. Long names are understood with one dash too. */
export interface Option {
  /** In commander's form: `-R, --recursive`, `--timeout <duration>`. */
  readonly flags: string;
  readonly summary: string;
  /** What the value may be, as far as it is one of a few. */
  readonly values?: readonly string[];
  /** Whether it may be given several times, each time with a value. */
  readonly repeats?: boolean;
}

/** What a word can be, for completion. */
export type WordKind =
  | 'path'
  | 'local file'
  | 'volume'
  | 'user'
  | 'group'
  /** A user or a group, above all those in the access list of the directory before it. */
  | 'principal'
  | 'rights'
  | 'server'
  | 'client or server'
  /** `user@realm`, and `@realm`. */
  | 'user at realm'
  | 'realm'
  /** A command of the same tool. */
  | 'command'
  | 'shell'
  /** Nothing that could be known. */
  | 'other';

/** The options of one run. */
export interface Options {
  /** Whether an option without a value was given. */
  flag(name: string): boolean;
  /** The value of an option that takes one. */
  value(name: string): string | undefined;
  /** The values of an option that may be given several times. */
  values(name: string): readonly string[];
}

/** What was typed behind a command's name. */
export type ParsedWords =
  | { readonly words: readonly string[]; readonly options: Options }
  /** The text that --help asked for. */
  | { readonly help: string };

/** A command and the words it is called by; the command itself is loaded when it is needed. */
export interface CommandEntry {
  /** The full name first; names of several words are separated by blanks. */
  readonly names: readonly string[];
  readonly load: () => Promise<Command>;
  /** False for what is there for programs and old scripts alone; lists of commands pass it over. */
  readonly isListed?: boolean;
}

/** A program of `bin/`. */
export interface Tool {
  readonly name: string;
  readonly summary: string;
  /** Either several commands, or one that is the tool itself. */
  readonly commands: readonly CommandEntry[] | (() => Promise<Command>);
  /** What runs when the words begin with none of several commands. */
  readonly otherwise?: () => Promise<Command>;
  /** Where the usage goes when the words make no sense: cfs has it on stdout. */
  readonly usageOn: 'stdout' | 'stderr';
  /** What is printed, on stdout, for a command that does not exist. */
  readonly unknownCommand?: string;
}
