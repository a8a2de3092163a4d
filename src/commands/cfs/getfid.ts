import { call } from '../../ipc/call.ts';
import { getFid } from '../../ipc/calls/getFid.ts';
import { formatFid, formatRealmFid } from '../../ipc/fid.ts';
import { formatVersionVector } from '../../ipc/versionVector.ts';
import type { Command } from '../command.ts';
import { echoed, forEachPath } from '../eachPath.ts';

export const getfid: Command = {
  usage: 'cfs getfid <path> [<path> <path> ...]',
  summary: 'show the fid and the version vector of objects',
  description: ['Works on objects in conflict too. A symbolic link in the last position is not followed.'],
  words: { min: 1 },
  classicFailure: 0,

  async run(context, paths) {
    const venus = await context.pioctls();
    const shown: object[] = [];
    await forEachPath(context, paths, {
      ask: ({ path }) => call(venus, getFid, path, undefined),
      print: (typed, { fid, versionVector }) => {
        if (context.json) shown.push({ path: typed, fid: formatFid(fid), realm: fid.realm, versionVector });
        else
          context.print(
            `FID = ${formatRealmFid(fid).padEnd(20)}  VV = ${formatVersionVector(versionVector).padEnd(24)}\n`,
          );
      },
      label: 'VIOC_GETFID',
      echo: echoed(context, paths, '  '),
    });
    if (context.json) context.printJson({ objects: shown, failures: context.failures });
  },
};
