import { userListSchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const userList: Command = {
  usage: 'coda realm user list',
  summary: 'list the users of the realm, with their numbers and groups',
  words: { max: 0 },

  async run(context) {
    const http = await context.http('coda realm');
    const { users } = await http.json({ method: 'GET', route: '/realm/users' }, userListSchema);
    if (context.json) context.printJson({ users, failures: [] });
    else
      for (const { id, name, groups } of users)
        context.print(`${String(id).padStart(8)}  ${[name, ...groups].join('  ')}\n`);
  },
};
