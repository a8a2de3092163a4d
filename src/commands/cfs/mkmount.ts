import { call } from '../../ipc/call.ts';
import { addMountPoint } from '../../ipc/calls/addMountPoint.ts';
import type { Command } from '../command.ts';
import { mountEntry } from '../mountEntry.ts';

export const mkmount: Command = {
  usage: 'cfs mkmount <directory> [<volume name>]',
  summary: 'mount a volume in a directory',
  description: ['Without a volume, the one is mounted that is named as the path inside the realm.'],
  examples: ['cfs mkm usr/jan u.jan'],
  words: { min: 1, max: 2 },

  async run(context, [typed = '', volume = '']) {
    // The C tool's label is what is left of the path, so scripts see the directory.
    let label = typed;
    try {
      const { directory, entry } = mountEntry(typed);
      label = directory;
      const venus = await context.pioctls();
      const { path } = await context.target(directory);
      await call(venus, addMountPoint, path, { entry, volume });
      context.succeed();
    } catch (error) {
      await context.fail(error, label, label);
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};
