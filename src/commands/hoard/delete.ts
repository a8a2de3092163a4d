import type { Command } from '../command.ts';
import { debugOption, performOne } from './oneCommand.ts';

export const deleteEntry: Command = {
  usage: 'hoard delete <path>',
  summary: 'take an entry out of the hoard database',
  description: [
    'What an add with c or d has made entries of needs a delete each. The entry of a link goes with what the link leads to.',
  ],
  options: [debugOption],
  examples: ['hoard delete /coda/example.org/usr/jan/src'],
  classicFailure: 0,

  run: (context, words, options) => performOne(context, 'delete', words, options),
};
