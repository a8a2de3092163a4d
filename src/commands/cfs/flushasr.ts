import { call } from '../../ipc/call.ts';
import { flushAsr } from '../../ipc/calls/flushAsr.ts';
import type { Command } from '../command.ts';
import { echoed, forEachPath } from '../eachPath.ts';
import { WITHOUT_RESOLVERS, withoutResolvers } from './resolverSwitch.ts';

export const flushasr: Command = {
  usage: 'cfs fasr <file-name>',
  summary: 'let the resolver (ASR) of an object in conflict be tried again at once',
  description: [
    'A real venus tries it again only some minutes after it failed; this forgets when that was.',
    WITHOUT_RESOLVERS,
  ],
  words: { min: 1 },
  classicFailure: 0,

  async run(context, paths) {
    const venus = await context.pioctls();
    await forEachPath(context, paths, {
      ask: ({ path }) =>
        call(venus, flushAsr, path).catch((error: unknown) => {
          throw withoutResolvers(context, error);
        }),
      // The C tool prints it for a single one, too.
      print: () => {
        if (!context.json) context.print('\n');
      },
      label: 'VIOC_FLUSHASR',
      echo: echoed(context, paths, '  '),
    });
    if (context.json) context.printJson({ failures: context.failures });
  },
};
