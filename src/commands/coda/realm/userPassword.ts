import { emptySchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';
import { newPassword } from '../../newPassword.ts';

export const userPassword: Command = {
  usage: 'coda realm user password <name> [--pipe]',
  summary: 'give a user a new password, without the old one',
  options: [{ flags: '--pipe', summary: 'read the password from stdin, one line, without asking' }],
  completes: ['user'],
  words: { min: 1, max: 1 },

  async run(context, [name = ''], options) {
    const http = await context.http('coda realm');
    const password = await newPassword(context, name, options.flag('pipe'));
    await http.json({ method: 'POST', route: '/realm/passwords', json: { name, password } }, emptySchema);
    if (context.json) context.printJson({ name, failures: [] });
  },
};
