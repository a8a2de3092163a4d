import type { Command } from '../command.ts';
import { debugOption, performOne } from './oneCommand.ts';

export const list: Command = {
  usage: 'hoard list [<file> [<uid>]]',
  summary: 'show the hoard database',
  description: [
    'A line for each entry: its volume, realm and name, who added it, its priority, and c+ or d+. To stdout, or into a file.',
  ],
  options: [debugOption],
  examples: ['hoard list', 'hoard list --json'],
  classicFailure: 0,

  run: (context, words, options) => performOne(context, 'list', words, options),
};
