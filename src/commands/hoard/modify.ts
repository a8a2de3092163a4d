import type { Command } from '../command.ts';
import { debugOption, performOne } from './oneCommand.ts';

export const modify: Command = {
  usage: 'hoard modify <path> <attributes>',
  summary: 'change the priority of an entry, or what is hoarded with it',
  description: [
    'What is not said stays as it is: the attributes are a priority, c+ or d+, or plain for an entry without members.',
  ],
  options: [debugOption],
  examples: [
    'hoard modify /coda/example.org/usr/jan/src 700',
    'hoard modify /coda/example.org/usr/jan/src plain',
  ],
  classicFailure: 0,

  run: (context, words, options) => performOne(context, 'modify', words, options),
};
