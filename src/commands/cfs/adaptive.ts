import type { Command } from '../command.ts';
import { setReintegrationLimits } from '../setReintegrationLimits.ts';

/** Milliseconds that one round of sending may take. */
const TIME = 15_000;

export const adaptive: Command = {
  usage: 'cfs adaptive [<dir> <dir> <dir> ...]',
  summary: 'send changes in the background, as fast as the network takes them',
  description: [
    'For the volumes that the directories lie in, or for all volumes: age 0, time 15 s. A change is done when it is in ' +
      'the modify log, and is sent soon after. It stays so until it is set otherwise.',
  ],
  examples: ['cfs adaptive /coda/example.org/usr/jan'],

  run: (context, paths) => setReintegrationLimits(context, paths, { age: 0, time: TIME }),
};
