import { emptySchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const serverStart: Command = changeCommand('start', 'start a server that was stopped or killed');
export const serverStop: Command = changeCommand(
  'stop',
  'stop a server, cleanly; it stays down until it is started, or the next coda up',
);
export const serverKill: Command = changeCommand(
  'kill',
  'end a server at once, as a crash would; it stays down until it is started, or the next coda up',
  'With coda up --processes the process of the server gets SIGKILL. Where all is one process, what the server has not ' +
    'answered yet is never answered, but what it has begun comes to its end.',
);

function changeCommand(action: 'start' | 'stop' | 'kill', summary: string, description?: string): Command {
  return {
    usage: `coda realm server ${action} <name>`,
    summary,
    ...(description === undefined ? {} : { description: [description] }),
    examples: [`coda realm server ${action} s2`],
    completes: ['server'],
    words: { min: 1, max: 1 },

    async run(context, [name = '']) {
      const http = await context.http('coda realm');
      await http.json({ method: 'POST', route: '/realm/servers', json: { name, action } }, emptySchema);
      if (context.json) context.printJson({ name, failures: [] });
    },
  };
}
