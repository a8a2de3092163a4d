import type { Command } from '../command.ts';
import { debugOption, performOne } from './oneCommand.ts';

export const clear: Command = {
  usage: 'hoard clear [<uid>]',
  summary: 'take all entries out of the hoard database, or those of a user',
  description: ['What is in the cache stays there until its room is needed.'],
  options: [debugOption],
  examples: ['hoard clear'],
  classicFailure: 0,

  run: (context, words, options) => performOne(context, 'clear', words, options),
};
