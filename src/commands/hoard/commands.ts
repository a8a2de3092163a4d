import { type BadLine, parseLine } from '../../hoard/hoardLines.ts';
import type { Command, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, UsageError } from '../exitStatus.ts';
import { excludeOption, excludesOf } from './excludeOption.ts';
import { goodLinesOf, openHoardFile, reportBadLine, reportBadLines } from './hoardFile.ts';
import { HoardRun } from './hoardRun.ts';
import { debugOption } from './oneCommand.ts';

/** `hoard` itself: commands from a file, from stdin, in one word, or at a prompt. */
export const commands: Command = {
  usage: 'hoard { -f <file> | - | <command> } [--keep-going]',
  summary: 'do what a hoard file says, or what is typed at a prompt',
  description: [
    'Commands are done in the order of the file. If a line of it cannot be read, all such lines are told of, by file, line and column, and nothing is done; with --keep-going the other lines are.',
    'Without any word, at a terminal, it reads commands at a prompt.',
  ],
  options: [
    { flags: '-f, --file <file>', summary: 'read commands from a file, - for stdin' },
    { flags: '--keep-going', summary: 'do the good lines of a file that has bad ones' },
    excludeOption,
    { flags: '-v, --verbose', summary: 'print what c and d stand for' },
    debugOption,
  ],
  examples: ['hoard -f ~/.hoardrc', 'grep -v tmp list | hoard -'],
  classicFailure: 0,

  async run(context, words, options) {
    const file = options.value('file') ?? (words.length === 1 && words[0] === '-' ? '-' : undefined);
    if (file !== undefined) {
      if (options.value('file') !== undefined && words.length > 0) throw new UsageError('too many words');
      await performFile(context, file, options);
    } else if (words.length > 0) await performLine(context, words.join(' '), options);
    else await converse(context, options);
  },
};

function start(context: Context, options: Options): Promise<HoardRun> {
  const verbose = options.flag('verbose') && !context.json;
  return HoardRun.start(context, { exclude: excludesOf(options), verbose, debug: options.flag('debug') });
}

async function performFile(context: Context, name: string, options: Options): Promise<void> {
  const file = await openHoardFile(name);
  const bad = await reportBadLines(context, file);
  if (bad > 0) {
    context.count(ExitStatus.Failed);
    if (!options.flag('keep-going')) {
      const lines = bad === 1 ? '1 bad line' : `${bad} bad lines`;
      context.terminal.err(`${file.name}: ${lines}, nothing was done (--keep-going does the others)\n`);
      if (context.json) context.printJson({ failures: context.failures });
      return;
    }
  }
  const run = await start(context, options);
  for await (const { command } of goodLinesOf(file)) await run.perform(command);
  await run.end();
}

async function performLine(context: Context, text: string, options: Options): Promise<void> {
  const line = parseLine(text);
  if (line === undefined) throw new UsageError('no command');
  if (!('command' in line)) {
    refuseLine(context, line);
    return;
  }
  const run = await start(context, options);
  await run.perform(line.command);
  await run.end();
}

function refuseLine(context: Context, line: BadLine): void {
  reportBadLine(context, 'command', line);
  context.count(ExitStatus.Usage);
  if (context.json) context.printJson({ failures: context.failures });
}

async function converse(context: Context, options: Options): Promise<void> {
  const { terminal } = context;
  if (!terminal.inIsTerminal || !terminal.outIsTerminal) throw new UsageError('no command');
  if (context.json) throw new UsageError('--json does not go with a prompt');
  const { converseAbout } = await import('./prompt.ts');
  await converseAbout(context, await start(context, options));
}
