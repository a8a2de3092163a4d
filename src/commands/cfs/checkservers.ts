import { ROOT, call } from '../../ipc/call.ts';
import { checkServers } from '../../ipc/calls/checkServers.ts';
import type { Command } from '../command.ts';
import { ExitStatus } from '../exitStatus.ts';
import { serverNames } from '../serverNames.ts';

/** Servers on one command line (spec/cfs.md, 4.6). */
const MAX_SERVERS = 8;

export const checkservers: Command = {
  usage: 'cfs checkservers <servernames>',
  summary: 'see which servers can be reached; all of them if none is named',
  options: [
    { flags: '--numeric', summary: 'show addresses, do not look up names' },
    { flags: '--exit-code', summary: 'exit with 5 if a server is down' },
  ],
  words: { max: MAX_SERVERS },

  async run(context, hosts, options) {
    const venus = await context.pioctls();
    const names = serverNames(context, options.flag('numeric'));
    const addresses = await Promise.all(hosts.map((host) => names.addressOf(host)));
    if (!context.json) context.print('Contacting servers .....\n');
    try {
      const down = await call(venus, checkServers, ROOT, addresses);
      const shown = await Promise.all(
        down.map(async (address) => ({ address, name: await names.nameOf(address) })),
      );
      if (context.json) context.printJson({ down: shown, failures: [] });
      else if (shown.length === 0) context.print('All servers up\n');
      else context.print(`These servers still down: ${shown.map(({ name }) => `  ${name}`).join('')}\n`);
      if (options.flag('exit-code') && down.length > 0) context.count(ExitStatus.Unreachable, 0);
    } catch (error) {
      await context.fail(error, 'VIOCCKSERV');
      if (context.json) context.printJson({ down: [], failures: context.failures });
    }
  },
};
