import { groupListSchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const groupList: Command = {
  usage: 'coda realm group list',
  summary: 'list the groups of the realm, with their members',
  words: { max: 0 },

  async run(context) {
    const http = await context.http('coda realm');
    const { groups } = await http.json({ method: 'GET', route: '/realm/groups' }, groupListSchema);
    if (context.json) context.printJson({ groups, failures: [] });
    else
      for (const { id, name, members } of groups)
        context.print(`${String(id).padStart(8)}  ${[name, ...members].join('  ')}\n`);
  },
};
