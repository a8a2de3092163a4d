import { emptySchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const groupAdd: Command = {
  usage: 'coda realm group add <group> [<member> ...]',
  summary: 'make a group, or add users and groups to one',
  examples: ['coda realm group add System:coda jan raiff'],
  words: { min: 1 },

  async run(context, [name = '', ...members]) {
    const http = await context.http('coda realm');
    await http.json({ method: 'POST', route: '/realm/groups', json: { name, members } }, emptySchema);
    if (context.json) context.printJson({ name, failures: [] });
  },
};
