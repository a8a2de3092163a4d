import { type ServerEntry, serverListSchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const serverList: Command = {
  usage: 'coda realm server list',
  summary: 'list the file servers: address, state, volumes, which others they reach',
  words: { max: 0 },

  async run(context) {
    const http = await context.http('coda realm');
    const { servers } = await http.json({ method: 'GET', route: '/realm/servers' }, serverListSchema);
    if (context.json) context.printJson({ servers, failures: [] });
    else for (const server of servers) context.print(`${lineOf(server)}\n`);
  },
};

function lineOf({ name, address, state, pid, volumes, reaches }: ServerEntry): string {
  const words = [name, address, state];
  if (pid !== undefined) words.push(`pid ${pid}`);
  words.push(volumes.length === 1 ? '1 volume' : `${volumes.length} volumes`);
  if (reaches.length > 0) words.push(`reaches ${reaches.join(', ')}`);
  return words.join('  ');
}
