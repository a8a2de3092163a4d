import { ROOT, call } from '../../ipc/call.ts';
import { setZoneLimits } from '../../ipc/calls/setZoneLimits.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../exitStatus.ts';

/** Of an `i32`. */
const MAX = 0x7fffffff;

export const zonelimit: Command = {
  usage: 'cfs zonelimit <redzone limit>  <yellowzone limit>  (-1 for no limit)',
  summary: 'limit the length of modify logs: where writers are stalled, and where they are slowed down',
  description: [
    'In entries of the log, for each volume whose servers can be reached, until venus starts again. 0 and less is no limit.',
  ],
  examples: ['cfs zl 5000 4000', 'cfs zl -1 -1'],
  words: { min: 2, max: 2 },

  async run(context, words) {
    const [red = 0, yellow = 0] = words.map(readLimit);
    const venus = await context.pioctls();
    try {
      await call(venus, setZoneLimits, ROOT, { red, yellow });
      context.succeed();
    } catch (error) {
      await context.fail(error, 'VIOC_ZLIMIT');
    }
    if (context.json) context.printJson({ red, yellow, failures: context.failures });
    else if (context.failures.length === 0)
      context.print(`Zone limits set:  red = ${red}  yellow = ${yellow}\n`);
  },
};

/** The C tool takes what is no number for 0, which lifts the limit. @throws UsageError */
function readLimit(word: string): number {
  const limit = Number(word);
  if (/^-?\d+$/.test(word) && Math.abs(limit) <= MAX) return limit;
  throw new UsageError(`${word} is not a number of entries: -1 for no limit, at most ${MAX}`);
}
