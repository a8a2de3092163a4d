import { cpuName } from '../../ipc/machine.ts';
import type { Command } from '../command.ts';

export const cpuname: Command = {
  usage: 'cfs {cpuname|@cpu}',
  summary: 'show what @cpu stands for on this machine',
  run: (context) => {
    if (context.json) context.printJson({ cpu: cpuName() });
    else context.print(`${cpuName()}\n`);
    return Promise.resolve();
  },
};
