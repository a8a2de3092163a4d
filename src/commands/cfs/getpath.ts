import { ROOT, call } from '../../ipc/call.ts';
import { getPath } from '../../ipc/calls/getPath.ts';
import type { Command } from '../command.ts';
import { forEachFid } from '../eachFid.ts';

export const getpath: Command = {
  usage: 'cfs getpath <fid> [<fid> <fid> ...]',
  summary: 'show the path of an object given by its fid',
  examples: ['cfs gp 7f000001.3.3@example.org'],
  words: { min: 1 },
  classicFailure: 0,

  async run(context, words) {
    const venus = await context.pioctls();
    await forEachFid(context, words, {
      label: 'VIOC_GETPATH',
      ask: async (fid) => context.userPath(await call(venus, getPath, ROOT, fid)),
      text: (path) => `\t${path}\n`,
      json: (path) => ({ path }),
    });
  },
};
