import { ROOT, call } from '../../ipc/call.ts';
import { getParentFid } from '../../ipc/calls/getParentFid.ts';
import { formatFid } from '../../ipc/fid.ts';
import type { Command } from '../command.ts';
import { forEachFid } from '../eachFid.ts';

export const getpfid: Command = {
  usage: 'cfs getpfid <fid> [<fid> <fid> ...]',
  summary: 'show the fid of the directory that an object is in',
  examples: ['cfs getpfid 7f000001.3.3@example.org'],
  words: { min: 1 },
  classicFailure: 0,

  async run(context, words) {
    const venus = await context.pioctls();
    await forEachFid(context, words, {
      label: 'VIOC_GETPFID',
      ask: (fid) => call(venus, getParentFid, ROOT, fid),
      text: (parent) => `FID = ${formatFid(parent).padEnd(20)}\n`,
      json: (parent) => ({ parent: formatFid(parent) }),
    });
  },
};
