import { daemonStatusSchema } from '../../ipc/socket/routes.ts';
import { formatDuration } from '../../term/time.ts';
import type { Command } from '../command.ts';

export const status: Command = {
  usage: 'coda status',
  summary: 'show the embedded venus: process, realm, data, servers',
  words: { max: 0 },

  async run(context) {
    const http = await context.http('coda status');
    const found = await http.json({ method: 'GET', route: '/status' }, daemonStatusSchema);
    if (context.json) {
      context.printJson({ ...found, failures: [] });
      return;
    }
    const seconds = (context.surroundings.now() - Date.parse(found.startedAt)) / 1000;
    context.print(
      [
        `venus is up: realm ${found.realm}, pid ${found.pid}, for ${formatDuration(seconds)}, version ${found.version}`,
        `  data    ${found.dataDirectory}`,
        ...found.processes
          .filter(({ role }) => role !== 'venus')
          .map(({ name, role, pid }) => `  process ${name} (${role}) pid ${pid}`),
        ...found.servers.map(
          ({ name, address, reachable }) => `  server  ${name} (${address}) ${reachable ? 'up' : 'down'}`,
        ),
        '',
      ].join('\n'),
    );
  },
};
