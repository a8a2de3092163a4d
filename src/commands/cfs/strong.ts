import type { Command } from '../command.ts';
import { setReintegrationLimits } from '../setReintegrationLimits.ts';

export const strong: Command = {
  usage: 'cfs strong [<dir> <dir> <dir> ...]',
  summary: 'send each change at once, before the program that makes it goes on',
  description: [
    'For the volumes that the directories lie in, or for all volumes: age 0, time 0. While servers cannot be reached, ' +
      'changes wait in the modify log as ever. It stays so until it is set otherwise.',
  ],
  examples: ['cfs strong /coda/example.org/usr/jan'],

  run: (context, paths) => setReintegrationLimits(context, paths, { age: 0, time: 0 }),
};
