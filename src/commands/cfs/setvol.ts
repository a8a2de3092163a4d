import { call } from '../../ipc/call.ts';
import { getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { type VolumeSettings, setVolumeStatus } from '../../ipc/calls/setVolumeStatus.ts';
import { textLength } from '../../ipc/text.ts';
import type { Command, Options } from '../command.ts';
import { UsageError } from '../exitStatus.ts';

const MAX_BLOCKS = 0x7fffffff;
/** Bytes, of both: venus takes one more of an offline message (spec/cfs.md, 6.2). */
const MAX_MESSAGE = 254;
/** The servers leave a quota below 0 as it is. */
const UNCHANGED = -1;

export const setvol: Command = {
  usage:
    'cfs setvol <dir> [-max <disk space quota in 1K units>] [-min <disk space guaranteed>] [-motd <message of the day>] [-offlinemsg <offline message>]',
  summary: 'set the quotas and messages of the volume a directory lies in',
  description: [
    'Only members of System:Administrators may do it. What is not named stays as it is; a message can be replaced, not removed. ' +
      'cfs listvol shows them. The C program answers that it is not supported.',
  ],
  options: [
    {
      flags: '--max <blocks>',
      summary: 'the most that the volume may take, in units of 1 KiB; 0 for no limit',
    },
    { flags: '--min <blocks>', summary: 'what is kept free for it, in units of 1 KiB' },
    { flags: '--motd <text>', summary: 'the message of the day' },
    { flags: '--offlinemsg <text>', summary: 'why the volume is not there' },
  ],
  examples: ["cfs setvol . -max 500000 -motd 'back up at noon'"],
  words: { min: 1, max: 1 },

  async run(context, [typed = ''], options) {
    const wanted = readSettings(options);
    try {
      const { path } = await context.target(typed);
      const venus = await context.pioctls();
      const { status, name } = await call(venus, getVolumeStatus, path, undefined);
      const { minQuota, maxQuota, ...messages } = wanted;
      await call(venus, setVolumeStatus, path, {
        status: { ...status, minQuota, maxQuota },
        name,
        ...messages,
      });
      context.succeed();
    } catch (error) {
      await context.fail(error, typed, typed);
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

type Wanted = Pick<VolumeSettings, 'offlineMessage' | 'messageOfTheDay'> &
  Pick<VolumeSettings['status'], 'minQuota' | 'maxQuota'>;

/** @throws UsageError */
function readSettings(options: Options): Wanted {
  const wanted: Wanted = {
    maxQuota: blocks(options, 'max'),
    minQuota: blocks(options, 'min'),
    messageOfTheDay: message(options, 'motd'),
    offlineMessage: message(options, 'offlinemsg'),
  };
  const isEmpty = Object.values(wanted).every((value) => value === UNCHANGED || value === '');
  if (isEmpty) throw new UsageError('what is to be set: -max, -min, -motd or -offlinemsg');
  return wanted;
}

function blocks(options: Options, name: string): number {
  const text = options.value(name);
  if (text === undefined) return UNCHANGED;
  if (/^\d+$/.test(text) && Number(text) <= MAX_BLOCKS) return Number(text);
  throw new UsageError(`-${name}: ${text} is not a number of blocks, at most ${MAX_BLOCKS}`);
}

/** Empty ones would be taken for none, and control characters would spoil what listvol prints. */
function message(options: Options, name: string): string {
  const text = options.value(name);
  if (text === undefined) return '';
  if (text === '') throw new UsageError(`-${name}: a message cannot be removed, only replaced`);
  if (/\p{Cc}/u.test(text)) throw new UsageError(`-${name}: it has to be one line of text`);
  if (textLength(text) <= MAX_MESSAGE) return text;
  throw new UsageError(`-${name}: it has more than ${MAX_MESSAGE} bytes`);
}
