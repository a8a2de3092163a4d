import { emptySchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';
import { UsageError } from '../../exitStatus.ts';

const MAX_BLOCKS = 0x7fffffff;

export const volumeCreate: Command = {
  usage: 'coda realm volume create <name> [--owner USER] [--quota BLOCKS] [--servers A,B,...]',
  summary: 'make a volume; cfs mkmount puts it into the tree',
  options: [
    { flags: '--owner <user>', summary: 'who gets all rights in it, besides System:Administrators' },
    { flags: '--quota <blocks>', summary: 'how large it may become, in units of 1 KiB (default no limit)' },
    { flags: '--servers <names>', summary: 'those that hold a replica of it (default all of the realm)' },
  ],
  examples: [
    'coda realm volume create u.jan --owner jan --quota 500000',
    'cfs mkmount usr/jan u.jan',
    'coda realm volume create src --servers s1,s2',
  ],
  words: { min: 1, max: 1 },

  async run(context, [name = ''], options) {
    const owner = options.value('owner');
    const maxQuota = readQuota(options.value('quota'));
    const servers = options.value('servers')?.split(',');
    const json = {
      name,
      ...(servers === undefined ? {} : { servers }),
      ...(owner === undefined ? {} : { owner }),
      ...(maxQuota === undefined ? {} : { maxQuota }),
    };
    const http = await context.http('coda realm');
    await http.json({ method: 'POST', route: '/realm/volumes', json }, emptySchema);
    if (context.json) context.printJson({ name, failures: [] });
  },
};

function readQuota(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) <= MAX_BLOCKS) return Number(text);
  throw new UsageError(`--quota: ${text} is not a number of blocks`);
}
