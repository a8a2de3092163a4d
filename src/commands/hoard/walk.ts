import type { Command } from '../command.ts';
import { debugOption, performOne } from './oneCommand.ts';

export const walk: Command = {
  usage: 'hoard walk',
  summary: 'bring what is hoarded here, then tell what is not',
  description: [
    'Says on stderr how many objects and bytes are left. A walk that has begun goes on if you do not wait for it. Then it does what hoard verify does, whose status it has.',
  ],
  options: [debugOption],
  examples: ['hoard walk'],
  classicFailure: 0,

  run: (context, words, options) => performOne(context, 'walk', words, options),
};
