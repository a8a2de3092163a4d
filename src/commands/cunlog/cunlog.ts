import { ROOT, call } from '../../ipc/call.ts';
import { forgetToken } from '../../ipc/calls/forgetToken.ts';
import type { Command } from '../command.ts';
import { whichRealm } from '../whoIs.ts';

export const cunlog: Command = {
  usage: 'cunlog [@realm]',
  summary: 'make venus forget your token for a realm',
  words: { max: 1 },
  classicFailure: 0,

  async run(context, [typed]) {
    const realm = await whichRealm(context, typed);
    await call(await context.pioctls(), forgetToken, ROOT, realm);
    if (context.json) context.printJson({ realm, failures: [] });
  },
};
