import { call } from '../../ipc/call.ts';
import { whereIs } from '../../ipc/calls/whereIs.ts';
import type { Command } from '../command.ts';
import { echoed, forEachPath } from '../eachPath.ts';
import { serverNames } from '../serverNames.ts';

export const whereis: Command = {
  usage: 'cfs whereis <dir> [<dir> <dir> ...]',
  summary: 'show the servers that hold an object',
  options: [{ flags: '--numeric', summary: 'show addresses, do not look up names' }],
  words: { min: 1 },
  classicFailure: 0,

  async run(context, paths, options) {
    const venus = await context.pioctls();
    const names = serverNames(context, options.flag('numeric'));
    const shown: object[] = [];
    await forEachPath(context, paths, {
      ask: async ({ path }) => {
        const replicas = await call(venus, whereIs, path);
        return Promise.all(
          replicas.map(async (replica) => ({ ...replica, name: await names.nameOf(replica.address) })),
        );
      },
      print: (typed, servers) => {
        if (context.json)
          shown.push({ path: typed, servers: servers.map(({ address, name }) => ({ address, name })) });
        else context.print(`${servers.map(({ name }) => `  ${name}`).join('')}\n`);
      },
      echo: echoed(context, paths, ':  '),
    });
    if (context.json) context.printJson({ objects: shown, failures: context.failures });
  },
};
