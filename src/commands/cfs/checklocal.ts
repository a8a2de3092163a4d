import { RepairAction } from '../../ipc/calls/repairCommand.ts';
import { askRepair } from '../askRepair.ts';
import type { Command } from '../command.ts';

export const checklocal: Command = {
  usage: 'cfs checklocal <path>',
  summary: 'say what the first entry of a modify log is, and what is in its way on the servers',
  description: ['Of the volume that the path lies in. It changes nothing.'],
  examples: ['cfs checklocal .'],
  words: { min: 1, max: 1 },

  async run(context, [typed = '']) {
    const text = await askRepair(context, typed, RepairAction.CheckFirst, 'VIOC_REP_CMD(REP_CMD_CHECK)');
    if (context.json)
      context.printJson({ ...(text === undefined ? {} : { text }), failures: context.failures });
    else if (text !== undefined) context.print(text);
  },
};
