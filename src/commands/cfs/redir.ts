import { call } from '../../ipc/call.ts';
import { NO_SERVER, redirect } from '../../ipc/calls/redirect.ts';
import { VenusError, isErrno } from '../../ipc/errors.ts';
import { shellWord } from '../../term/shellWord.ts';
import type { Command } from '../command.ts';
import { serverNames } from '../serverNames.ts';

export const redir: Command = {
  usage: 'cfs redir <dir> <ip-address>',
  summary: 'have the files of a volume fetched from one server; from any, if none is named',
  description: [
    'For the volume that the directory lies in, until venus starts again. A host is a name or an address. Changes go to all servers as before.',
    'The embedded venus takes a server of the volume, and goes on to the others where that one has no newest version or does not answer.',
  ],
  examples: ['cfs redir . s2.example.org', 'cfs redir .'],
  words: { min: 1, max: 2 },
  classicFailure: 0,

  async run(context, [typed = '', host]) {
    try {
      // Looked up first: the C tool takes a host without an address for none, and ends the redirection.
      const address = host === undefined ? NO_SERVER : await serverNames(context, false).addressOf(host);
      const { path } = await context.target(typed);
      await call(await context.pioctls(), redirect, path, address).catch((error: unknown) => {
        throw notItsServer(error, typed);
      });
      context.succeed();
    } catch (error) {
      await context.fail(error, 'VIOC_REDIR', typed);
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

function notItsServer(error: unknown, typed: string): unknown {
  if (!isErrno(error, 'EINVAL')) return error;
  const why = 'The volume is not replicated, or the host is none of its servers.';
  return new VenusError(
    error.errno,
    { why, next: `See which they are: cfs whereis ${shellWord(typed)}` },
    { cause: error },
  );
}
