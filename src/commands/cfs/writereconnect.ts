import type { Command } from '../command.ts';
import { setReintegrationLimits } from '../setReintegrationLimits.ts';

/** Not in the present C tool, but in older ones, and people still type it (spec/cfs.md, 11). */
export const writereconnect: Command = {
  usage: 'cfs writereconnect [<dir> <dir> <dir> ...]',
  summary: 'take writedisconnect back: send each change at once, as strong does',
  description: ['For the volumes that the directories lie in, or for all volumes: age 0, time 0.'],
  examples: ['cfs wr /coda/example.org/usr/jan'],

  run: (context, paths) => setReintegrationLimits(context, paths, { age: 0, time: 0 }),
};
