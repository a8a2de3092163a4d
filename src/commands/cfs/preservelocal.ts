import { RepairAction } from '../../ipc/calls/repairCommand.ts';
import { askRepair } from '../askRepair.ts';
import type { Command } from '../command.ts';

export const preservelocal: Command = {
  usage: 'cfs preservelocal [-all] <path>',
  summary: 'send the first entry of a modify log once more, or all, if nothing is in their way',
  description: [
    'Of the volume that the path lies in. On a real Coda this seldom succeeds for contents of files: there repair is the way.',
  ],
  options: [{ flags: '--all', summary: 'go on until one is refused' }],
  examples: ['cfs preservelocal .'],
  words: { min: 1, max: 1 },

  async run(context, [typed = ''], options) {
    const action = options.flag('all') ? RepairAction.PreserveAll : RepairAction.PreserveFirst;
    const text = await askRepair(context, typed, action, 'VIOC_REP_CMD(REP_CMD_PRESERVE)');
    if (context.json)
      context.printJson({ ...(text === undefined ? {} : { text }), failures: context.failures });
    else if (text !== undefined) context.print(text);
  },
};
