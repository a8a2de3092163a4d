import { emptySchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const groupRemove: Command = {
  usage: 'coda realm group remove <group> [<member> ...]',
  summary: 'take members out of a group; without any, remove the group',
  words: { min: 1 },

  async run(context, [name = '', ...members]) {
    const http = await context.http('coda realm');
    await http.json({ method: 'DELETE', route: '/realm/groups', json: { name, members } }, emptySchema);
    if (context.json) context.printJson({ name, failures: [] });
  },
};
