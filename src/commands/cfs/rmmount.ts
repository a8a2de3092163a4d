import { call } from '../../ipc/call.ts';
import { deleteMountPoint } from '../../ipc/calls/deleteMountPoint.ts';
import type { Command } from '../command.ts';
import { echoed } from '../eachPath.ts';
import { mountEntry } from '../mountEntry.ts';

export const rmmount: Command = {
  usage: 'cfs rmmount <dir> [<dir> <dir> ...]',
  summary: 'remove mount points; the volumes stay',
  words: { min: 1 },
  classicFailure: 0,

  async run(context, paths) {
    const venus = await context.pioctls();
    const echo = echoed(context, paths, '  ');
    for (const typed of paths) {
      echo(typed);
      try {
        const { directory, entry } = mountEntry(typed);
        await call(venus, deleteMountPoint, (await context.target(directory)).path, entry);
        if (paths.length > 1 && !context.json) context.print('\n');
        context.succeed();
      } catch (error) {
        await context.fail(error, 'VIOC_AFS_DELETE_MT_PT', typed);
      }
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};
