import { MAX_LIMIT, type ReintegrationLimits } from '../../ipc/calls/reintegrationLimits.ts';
import type { Command, Options } from '../command.ts';
import { durationOption } from '../durationOption.ts';
import { UsageError } from '../exitStatus.ts';
import { setReintegrationLimits } from '../setReintegrationLimits.ts';

/** Seconds and milliseconds, where neither is given. */
const DEFAULTS: ReintegrationLimits = { age: 60, time: 30_000 };

export const writedisconnect: Command = {
  usage: 'cfs writedisconnect [-age <sec>] [-time <sec>] [<dir> <dir> <dir> ...]',
  summary: 'keep changes in the modify log for a while before they are sent',
  description: [
    'For the volumes that the directories lie in, or for all volumes. If neither option is given: age 60 s, time 30 s; ' +
      'if one is, the other stays as it is. It stays so until it is set otherwise: cfs writereconnect takes it back.',
  ],
  options: [
    { flags: '--age <duration>', summary: 'how old a change gets before it is sent' },
    {
      flags: '--time <duration>',
      summary: 'how long one round of sending may take; 0 sends each change at once',
    },
  ],
  examples: ['cfs wd -age 600 /coda/example.org/usr/jan', 'cfs wd -time 1.5 .'],
  // The old name of -time.
  prepare: (words) => words.map((word) => word.replace(/^--?hogtime(?==|$)/, '--time')),

  async run(context, paths, options) {
    await setReintegrationLimits(context, paths, readLimits(options));
  },
};

/** The C tool takes for 0 what is no number, and crashes where none stands. @throws UsageError */
function readLimits(options: Options): ReintegrationLimits {
  const age = durationOption(options, 'age');
  const seconds = durationOption(options, 'time');
  if (age === undefined && seconds === undefined) return DEFAULTS;
  if (age !== undefined && !Number.isInteger(age)) throw new UsageError('--age: whole seconds only');
  // Cut as the C tool cuts it: what is less than a millisecond is 0.
  const time = seconds === undefined ? undefined : Math.trunc(seconds * 1000);
  if ((age ?? 0) > MAX_LIMIT) throw new UsageError(`--age: at most ${MAX_LIMIT} seconds`);
  if ((time ?? 0) > MAX_LIMIT)
    throw new UsageError(`--time: at most ${Math.trunc(MAX_LIMIT / 1000)} seconds`);
  return { age, time };
}
