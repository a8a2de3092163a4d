import { emptySchema, toQueryName } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const userRemove: Command = {
  usage: 'coda realm user remove <name>',
  summary: 'remove a user; access lists show his number from then on',
  completes: ['user'],
  words: { min: 1, max: 1 },

  async run(context, [name = '']) {
    const http = await context.http('coda realm');
    await http.json({ method: 'DELETE', route: `/realm/users?name=${toQueryName(name)}` }, emptySchema);
    if (context.json) context.printJson({ name, failures: [] });
  },
};
