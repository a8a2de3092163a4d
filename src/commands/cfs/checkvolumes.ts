import { ROOT, call } from '../../ipc/call.ts';
import { checkVolumes } from '../../ipc/calls/checkVolumes.ts';
import { askOnce } from '../askOnce.ts';
import type { Command } from '../command.ts';

export const checkvolumes: Command = {
  usage: 'cfs checkvolumes',
  summary: 'have venus ask anew which volumes there are, and on which servers',
  description: ['For when a volume was made, moved or renamed, and venus still knows it as it was.'],
  words: { max: 0 },

  async run(context) {
    await askOnce(context, 'VIOC_VIOCCKBACK', (venus) => call(venus, checkVolumes, ROOT));
  },
};
