import { ROOT, call } from '../../ipc/call.ts';
import { flushCache } from '../../ipc/calls/flushCache.ts';
import { askOnce } from '../askOnce.ts';
import type { Command } from '../command.ts';
import { dares, yesOption } from '../danger.ts';

export const flushcache: Command = {
  usage: 'cfs flushcache',
  summary: 'drop everything from the cache; the servers keep it',
  description: ['What is in use, or not on the servers yet, stays, and nothing is said of it.'],
  options: [yesOption],
  examples: ['cfs flushcache --yes'],
  words: { max: 0 },

  async run(context, _words, options) {
    if (dares(context, 'all files will be lost, if disconnected', options))
      await askOnce(context, 'VIOC_FLUSHCACHE', (venus) => call(venus, flushCache, ROOT));
    else if (context.json) context.printJson({ failures: context.failures });
  },
};
