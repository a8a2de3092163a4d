import { OutputClosedError } from '../term/terminal.ts';
import type { Command, CommandEntry, Option, Options, Tool } from './command.ts';
import { Context, type CommonOptions, type Surroundings } from './context.ts';
import { durationOption } from './durationOption.ts';
import { ExitStatus, UsageError } from './exitStatus.ts';
import { normaliseDashes, parseWords } from './words.ts';

declare const CODA_TOOLKIT_VERSION: string;

/** What a shell shows for a program that SIGPIPE ended. */
const BROKEN_PIPE = 141;
/** What most of cfs exits with, and all of it for words that make no sense (spec/cfs.md, 1.1). */
const CLASSIC_FAILURE = 255;
/** Seconds. */
const DEFAULT_TIME_LIMIT = 60;
/** Milliseconds that a timer can hold, 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Options of every command. */
export const commonOptions: readonly Option[] = [
  { flags: '--venus <address>', summary: 'which venus: mount:/coda or unix:/path/venus.sock' },
  {
    flags: '--timeout <duration>',
    summary: `how long each request may take (default ${DEFAULT_TIME_LIMIT}s)`,
  },
  { flags: '--json', summary: 'print one JSON document instead of text' },
];

/** Runs a tool with the words behind its name; resolves with its exit status. */
export async function runTool(
  tool: Tool,
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { terminal } = surroundings;
  if (argv[0] === '--version') {
    terminal.out(`${tool.name} (coda-toolkit) ${CODA_TOOLKIT_VERSION}\n`);
    return ExitStatus.Done;
  }
  try {
    const found = findCommand(tool, argv);
    if (!found) return await noCommand(tool, argv, surroundings);
    return await runCommand(found.name, await found.entry(), found.words, tool, surroundings);
  } catch (error) {
    if (error instanceof OutputClosedError) return BROKEN_PIPE;
    throw error;
  }
}

interface Found {
  /** What is typed before the command's own words, as `cfs listacl`. */
  readonly name: string;
  readonly entry: () => Promise<Command>;
  readonly words: readonly string[];
}

/** The command with the longest name that the words begin with; common options may stand before it. */
function findCommand(tool: Tool, argv: readonly string[]): Found | undefined {
  if (typeof tool.commands === 'function') return { name: tool.name, entry: tool.commands, words: argv };
  const before = leadingOptions(argv);
  const words = argv.slice(before.length);
  let best: { readonly entry: CommandEntry; readonly length: number } | undefined;
  for (const entry of tool.commands) {
    for (const name of entry.names) {
      const parts = name.split(' ');
      const matches = parts.every((part, at) => words[at] === part);
      if (matches && parts.length > (best?.length ?? 0)) best = { entry, length: parts.length };
    }
  }
  if (!best) return otherwiseOf(tool, argv);
  const name = `${tool.name} ${best.entry.names[0] ?? ''}`;
  return { name, entry: best.entry.load, words: [...before, ...words.slice(best.length)] };
}

/** What a tool does with words that begin with none of its commands; its list of commands is not among that. */
function otherwiseOf(tool: Tool, argv: readonly string[]): Found | undefined {
  const asksForList = argv[0] === '--help' || argv[0] === '-h';
  if (!tool.otherwise || asksForList) return undefined;
  return { name: tool.name, entry: tool.otherwise, words: argv };
}

function leadingOptions(argv: readonly string[]): readonly string[] {
  let at = 0;
  while (at < argv.length) {
    const word = normaliseDashes([argv[at] ?? ''], commonOptions, false)[0];
    if (word === '--json' || word?.startsWith('--venus=') || word?.startsWith('--timeout=')) at += 1;
    else if (word === '--venus' || word === '--timeout') at += 2;
    else break;
  }
  return argv.slice(0, at);
}

async function runCommand(
  name: string,
  command: Command,
  words: readonly string[],
  tool: Tool,
  surroundings: Surroundings,
): Promise<number> {
  try {
    const parsed = await parseWords(name, command, [...(command.options ?? []), ...commonOptions], words);
    if ('help' in parsed) {
      surroundings.terminal.out(parsed.help);
      return ExitStatus.Done;
    }
    checkWordCount(command, parsed.words.length);
    return await perform(command, parsed.words, parsed.options, tool, surroundings);
  } catch (error) {
    if (error instanceof UsageError)
      return usageProblem(error, `Usage: ${command.usage}\n`, tool, surroundings);
    throw error;
  }
}

/** Runs a command whose words are in order. An error that it did not report itself is reported here. */
async function perform(
  command: Command,
  words: readonly string[],
  options: Options,
  tool: Tool,
  surroundings: Surroundings,
): Promise<number> {
  const common = commonOptionsOf(options);
  const context = new Context(tool, surroundings, common, command.classicFailure ?? CLASSIC_FAILURE);
  try {
    await command.run(context, words, options);
  } catch (error) {
    if (error instanceof OutputClosedError || error instanceof UsageError) throw error;
    await context.fail(error, tool.name);
    if (context.json) context.printJson({ failures: context.failures });
  }
  return context.exitStatus();
}

/** Says what is wrong with the words. Scripts of classic tools see the usage alone. */
function usageProblem(error: Error, usage: string, tool: Tool, { terminal, env }: Surroundings): number {
  if (terminal.errIsTerminal || tool.usageOn === 'stderr') terminal.err(`${tool.name}: ${error.message}\n`);
  if (tool.usageOn === 'stdout') terminal.out(usage);
  else terminal.err(usage);
  return env['CODA_CLASSIC'] === '1' ? (tool.usageOn === 'stdout' ? CLASSIC_FAILURE : 1) : ExitStatus.Usage;
}

async function noCommand(tool: Tool, argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal, env } = surroundings;
  if (argv[0] === '--help' || argv[0] === '-h') {
    terminal.out(await listOfCommands(tool));
    return ExitStatus.Done;
  }
  if (tool.unknownCommand !== undefined) terminal.out(tool.unknownCommand);
  else
    terminal.err(
      `${tool.name}: ${argv[0] === undefined ? 'no command' : `no command ${argv[0]}`}. Try: ${tool.name} --help\n`,
    );
  return env['CODA_CLASSIC'] === '1' ? CLASSIC_FAILURE : ExitStatus.Usage;
}

/** The text of `TOOL --help`. */
async function listOfCommands(tool: Tool): Promise<string> {
  const commands = typeof tool.commands === 'function' ? [] : tool.commands;
  const entries = commands.filter(({ isListed = true }) => isListed);
  const rows = await Promise.all(
    entries.map(async ({ names, load }) => ({ names: names.join(', '), summary: (await load()).summary })),
  );
  const width = Math.max(...rows.map(({ names }) => names.length));
  const lines = rows.map(({ names, summary }) => `  ${names.padEnd(width)}  ${summary}`);
  return [
    `${tool.name}: ${tool.summary}`,
    '',
    'Commands:',
    ...lines,
    '',
    ...(tool.otherwise === undefined ? [] : [`Or: ${(await tool.otherwise()).usage}`, '']),
    `${tool.name} COMMAND --help explains one of them; ${tool.name}(1) all.`,
    '',
  ].join('\n');
}

function checkWordCount(command: Command, count: number): void {
  const { min = 0, max = Infinity } = command.words ?? {};
  if (count < min) throw new UsageError('something is missing');
  if (count > max) throw new UsageError('too many words');
}

function commonOptionsOf(options: Options): CommonOptions {
  const seconds = durationOption(options, 'timeout') ?? DEFAULT_TIME_LIMIT;
  if (seconds <= 0) throw new UsageError('--timeout: nothing can be done in no time');
  const timeLimit = Math.min(seconds * 1000, LONGEST_TIMER);
  return { venus: options.value('venus'), timeLimit, json: options.flag('json') };
}
