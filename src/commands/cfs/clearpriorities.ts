import { ROOT, call } from '../../ipc/call.ts';
import { clearPriorities } from '../../ipc/calls/clearPriorities.ts';
import { askOnce } from '../askOnce.ts';
import type { Command } from '../command.ts';
import { dares, yesOption } from '../danger.ts';

export const clearpriorities: Command = {
  usage: 'cfs clearpriorities',
  summary: 'forget how recently files were used: the hoard alone decides what is dropped first',
  description: ['For when the cache is full of what was looked at once. Nothing is dropped at once.'],
  options: [yesOption],
  examples: ['cfs cp --yes'],
  words: { max: 0 },

  async run(context, _words, options) {
    if (dares(context, 'important files may be lost, if disconnected', options))
      // The blanks belong to the classic label.
      await askOnce(context, '  VIOC_CLEARPRIORITIES', (venus) => call(venus, clearPriorities, ROOT));
    else if (context.json) context.printJson({ failures: context.failures });
  },
};
