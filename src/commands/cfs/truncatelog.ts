import { ROOT, call } from '../../ipc/call.ts';
import { truncateLog } from '../../ipc/calls/truncateLog.ts';
import { askOnce } from '../askOnce.ts';
import type { Command } from '../command.ts';

export const truncatelog: Command = {
  usage: 'cfs truncatelog',
  summary: 'have venus empty the log of its own store; modify logs stay as they are',
  words: { max: 0 },

  async run(context) {
    // The blanks belong to the classic label.
    await askOnce(context, '  VIOC_TRUNCATELOG', (venus) => call(venus, truncateLog, ROOT));
  },
};
