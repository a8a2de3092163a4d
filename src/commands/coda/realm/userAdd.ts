import { emptySchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';
import { newPassword } from '../../newPassword.ts';

export const userAdd: Command = {
  usage: 'coda realm user add <name> [--administrator] [--pipe]',
  summary: 'add a user to the realm',
  options: [
    { flags: '--administrator', summary: 'make him a member of System:Administrators' },
    { flags: '--pipe', summary: 'read the password from stdin, one line, without asking' },
  ],
  examples: ['coda realm user add jan', 'pass show coda/jan | coda realm user add jan -pipe'],
  words: { min: 1, max: 1 },

  async run(context, [name = ''], options) {
    const http = await context.http('coda realm');
    const password = await newPassword(context, name, options.flag('pipe'));
    const json = { name, password, administrator: options.flag('administrator') };
    await http.json({ method: 'POST', route: '/realm/users', json }, emptySchema);
    if (context.json) context.printJson({ name, failures: [] });
  },
};
