import type { Command } from '../command.ts';
import { UsageError } from '../exitStatus.ts';
import { excludeOption, excludesOf } from './excludeOption.ts';
import { HoardRun } from './hoardRun.ts';
import { commandOfWords, debugOption } from './oneCommand.ts';

export const add: Command = {
  usage: 'hoard add <path> [<attributes>] [--exclude <glob> ...]',
  summary: 'hoard something: have venus keep it here',
  description: [
    'The attributes stand between colons: a priority of 1 to 1000, 10 if none is given, and c+ for the children of a directory, d+ for all its descendants, those that come later included. c and d make an entry of its own for each that is there now.',
    'What does not exist yet can be hoarded. Links are followed, and are hoarded themselves. An entry of the same name is replaced.',
  ],
  options: [excludeOption, { flags: '-v, --verbose', summary: 'print what c and d stand for' }, debugOption],
  examples: [
    'hoard add /coda/example.org/usr/jan/src 700:d+',
    'hoard add /coda/example.org/usr/jan/src 700:d+ --exclude "*.o" --exclude cache/',
  ],
  classicFailure: 0,

  async run(context, words, options) {
    const command = commandOfWords('add', words);
    const exclude = excludesOf(options);
    if (exclude.length > 0 && command.kind === 'add' && command.attributes.members === undefined)
      throw new UsageError('--exclude leaves out members: it goes with c, c+, d or d+');
    const verbose = options.flag('verbose') && !context.json;
    const run = await HoardRun.start(context, { exclude, verbose, debug: options.flag('debug') });
    await run.perform(command);
    await run.end();
  },
};
