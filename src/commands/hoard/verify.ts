import type { Command } from '../command.ts';
import { debugOption, performOne } from './oneCommand.ts';

export const verify: Command = {
  usage: 'hoard verify [<file> [<verbosity> [<uid>]]]',
  summary: 'tell what of the hoarded is not here, and why',
  description: [
    'Prints what is missing or stale, and on stderr the reason of each; nothing if all is here. With a verbosity of 1 to 100 entries that are all right are printed, too, with a higher one all that they expand to. The status is 0 only if everything is here, else 1.',
  ],
  options: [debugOption],
  examples: ['hoard verify', 'hoard verify --json'],
  classicFailure: 0,

  run: (context, words, options) => performOne(context, 'verify', words, options),
};
