import { emptySchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { UsageError } from '../../exitStatus.ts';

export const linkCut: Command = linkCommand(
  'cut',
  'let no request pass between a client and a server: a partition, for trying things out',
);
export const linkHeal: Command = linkCommand('heal', 'let requests pass between a client and a server again');

function linkCommand(verb: 'cut' | 'heal', summary: string): Command {
  return {
    usage: `coda realm link ${verb} <client> <server> | --all`,
    summary,
    options: [{ flags: '--all', summary: 'all clients and all servers' }],
    examples: [`coda realm link ${verb} laptop s1`, `coda realm link ${verb} --all`],
    words: { max: 2 },

    async run(context, words, options) {
      if (options.flag('all') ? words.length > 0 : words.length !== 2)
        throw new UsageError('a client and a server, or --all');
      const [client, server] = words;
      await set(context, verb === 'cut', client, server);
      if (context.json) context.printJson({ failures: [] });
    },
  };
}

async function set(
  context: Context,
  cut: boolean,
  client: string | undefined,
  server: string | undefined,
): Promise<void> {
  const http = await context.http('coda realm');
  const names = { ...(client === undefined ? {} : { client }), ...(server === undefined ? {} : { server }) };
  await http.json({ method: 'POST', route: '/realm/links', json: { cut, ...names } }, emptySchema);
}
