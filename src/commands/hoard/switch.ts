import type { Command } from '../command.ts';
import { debugOption, performOne } from './oneCommand.ts';

export const on: Command = {
  usage: 'hoard on',
  summary: 'have venus walk from time to time by itself',
  options: [debugOption],
  classicFailure: 0,

  run: (context, words, options) => performOne(context, 'on', words, options),
};

export const off: Command = {
  usage: 'hoard off',
  summary: 'have venus walk only when it is asked to',
  description: ['Until hoard on, or the next start of venus.'],
  options: [debugOption],
  classicFailure: 0,

  run: (context, words, options) => performOne(context, 'off', words, options),
};
