import { Command as Parser, CommanderError } from 'commander';
import type { Command, Option, Options, ParsedWords } from './command.ts';
import { UsageError } from './exitStatus.ts';

/**
 * Reads words and options with commander, which also writes the text of --help.
 * @param words long options with two dashes
 * @throws UsageError
 */
export function parseWithCommander(
  name: string,
  command: Command,
  options: readonly Option[],
  words: readonly string[],
): ParsedWords {
  let help = '';
  const parser = makeParser(name, command, options).configureOutput({
    writeOut: (text) => (help += text),
    writeErr: () => undefined,
  });
  try {
    parser.parse(words, { from: 'user' });
    return { words: parser.args, options: optionsOf(parser) };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { help };
    throw new UsageError(error.message.replace(/^error: /, ''), {}, { cause: error });
  }
}

function makeParser(name: string, command: Command, options: readonly Option[]): Parser {
  const parser = new Parser(name)
    .usage(usageAfter(name, command.usage))
    .description([command.summary, ...(command.description ?? [])].join('\n\n'))
    .argument('[words...]')
    .helpOption('--help', 'explain this command')
    .exitOverride();
  if (command.optionsFirst) parser.passThroughOptions();
  for (const { flags, summary, repeats } of options) {
    if (repeats) parser.option(flags, summary, (value, before: readonly string[]) => [...before, value], []);
    else parser.option(flags, summary);
  }
  if (command.examples) parser.addHelpText('after', `\nExamples:\n  ${command.examples.join('\n  ')}`);
  return parser;
}

/** The usage without the name that commander puts before it. */
function usageAfter(name: string, usage: string): string {
  return usage.startsWith(name) ? usage.slice(name.length + 1) : usage.replace(/^\S+ /, '');
}

function optionsOf(parser: Parser): Options {
  const get = (name: string): unknown =>
    parser.getOptionValue(name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()));
  return {
    // Commander takes what begins with no- as the opposite of an option that is set otherwise.
    flag: (name) => (name.startsWith('no-') ? get(name.slice(3)) === false : get(name) === true),
    value: (name) => {
      const value = get(name);
      return typeof value === 'string' ? value : undefined;
    },
    values: (name) => {
      const values = get(name);
      return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
    },
  };
}
