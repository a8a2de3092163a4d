import { call } from '../../ipc/call.ts';
import { getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { setVolumeStatus } from '../../ipc/calls/setVolumeStatus.ts';
import { type Pioctls } from '../../ipc/call.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';

const MAX_BLOCKS = 0x7fffffff;

export const setquota: Command = {
  usage: 'cfs setquota <dir> <blocks>',
  summary: 'limit the size of the volume a directory lies in, in units of 1 KiB; 0 for no limit',
  description: ['Only members of System:Administrators may do it.'],
  examples: ['cfs sq /coda/example.org/usr/jan 500000'],
  words: { min: 2 },
  classicFailure: 0,

  async run(context, words) {
    const quotas = readQuotas(words);
    const venus = await context.pioctls();
    for (const { directory, blocks } of quotas) {
      if (!(await setOne(context, venus, directory, blocks))) break;
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

/** @returns false if it failed, which ends the command */
async function setOne(context: Context, venus: Pioctls, directory: string, blocks: number): Promise<boolean> {
  let label = directory;
  try {
    const { path } = await context.target(directory);
    const { status, name } = await call(venus, getVolumeStatus, path, undefined);
    if (!context.json) {
      context.print(`maximum quota is ${status.maxQuota >>> 0}\n`);
      context.print(`New value of vs->MaxQuota will be set to ${blocks}\n`);
    }
    label = 'Setting new quota';
    const settings = {
      status: { ...status, maxQuota: blocks },
      name,
      offlineMessage: '',
      messageOfTheDay: '',
    };
    await call(venus, setVolumeStatus, path, settings);
    context.succeed();
    return true;
  } catch (error) {
    await context.fail(error, label, directory);
    return false;
  }
}

/** The C tool takes what is no number for 0, which lifts the limit. @throws UsageError */
function readQuotas(
  words: readonly string[],
): readonly { readonly directory: string; readonly blocks: number }[] {
  if (words.length % 2 !== 0) throw new UsageError('a directory and its quota go together');
  const quotas = [];
  for (let at = 0; at < words.length; at += 2) {
    const [directory = '', blocks = ''] = words.slice(at, at + 2);
    if (!/^\d+$/.test(blocks) || Number(blocks) > MAX_BLOCKS) {
      throw new UsageError(`${blocks} is not a number of blocks: 0 for no limit, at most ${MAX_BLOCKS}`);
    }
    quotas.push({ directory, blocks: Number(blocks) });
  }
  return quotas;
}
