import { systemName } from '../../ipc/machine.ts';
import type { Command } from '../command.ts';

export const sysname: Command = {
  usage: 'cfs {sysname|@sys}',
  summary: 'show what @sys stands for on this machine',
  run: (context) => {
    if (context.json) context.printJson({ sys: systemName() });
    else context.print(`${systemName()}\n`);
    return Promise.resolve();
  },
};
