import type { Command, Option, Options, ParsedWords } from './command.ts';

/**
 * Tells options from words.
 * @param name what is typed before them, as `cfs listacl`
 * @param options all that the command knows
 * @throws UsageError
 */
export async function parseWords(
  name: string,
  command: Command,
  options: readonly Option[],
  typed: readonly string[],
): Promise<ParsedWords> {
  const prepared = command.prepare?.(typed) ?? typed;
  // Without a dash there is no option, and no need for a parser: loading it would cost a tenth of a tool's start.
  if (command.verbatim || !prepared.some((word) => word.startsWith('-')))
    return { words: prepared, options: noOptions };
  const { parseWithCommander } = await import('./parser.ts');
  const optionsFirst = command.optionsFirst ?? false;
  return parseWithCommander(name, command, options, normaliseDashes(prepared, options, optionsFirst));
}

/** Where none is given. */
export const noOptions: Options = { flag: () => false, value: () => undefined, values: () => [] };

interface Flag {
  readonly long: string;
  readonly short: string | undefined;
  readonly takesValue: boolean;
}

/**
 * Turns `-negative` into `--negative` for the names given, so that both spellings work. Values of options, what
 * follows `--`, and, where options come first, what follows the first word that is none, stay as they are.
 */
export function normaliseDashes(
  words: readonly string[],
  options: readonly Option[],
  optionsFirst: boolean,
): readonly string[] {
  const flags = options.map(parseFlags);
  const result: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, dashes, name = '', rest = ''] = /^(--?)([A-Za-z][\w-]*)(=.*)?$/s.exec(word) ?? [];
    const flag = flags.find(({ long, short }) => name === long || (dashes === '-' && name === short));
    if (word === '--' || (optionsFirst && !word.startsWith('-'))) return [...result, ...words.slice(at)];
    result.push(flag?.long === name ? `--${name}${rest}` : word);
    const value = words[at + 1];
    if (flag?.takesValue && rest === '' && value !== undefined) {
      result.push(value);
      at += 1;
    }
  }
  return result;
}

function parseFlags({ flags }: Option): Flag {
  return {
    long: /--([\w-]+)/.exec(flags)?.[1] ?? '',
    short: /^-(\w)/.exec(flags)?.[1],
    takesValue: flags.includes('<'),
  };
}
