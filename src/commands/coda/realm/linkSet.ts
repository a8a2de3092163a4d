import { emptySchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { UsageError } from '../../exitStatus.ts';

export const linkCut: Command = linkCommand(
  'cut',
  'let no request pass between a client or server and a server: a partition, for trying things out',
);
export const linkHeal: Command = linkCommand(
  'heal',
  'let requests pass between a client or server and a server again',
);

function linkCommand(verb: 'cut' | 'heal', summary: string): Command {
  return {
    usage: `coda realm link ${verb} <client-or-server> <server> | --all`,
    summary,
    options: [{ flags: '--all', summary: 'all links of all clients and servers' }],
    examples: [
      `coda realm link ${verb} laptop s1`,
      `coda realm link ${verb} s1 s2`,
      `coda realm link ${verb} --all`,
    ],
    completes: ['client or server', 'server'],
    words: { max: 2 },

    async run(context, words, options) {
      if (options.flag('all') ? words.length > 0 : words.length !== 2)
        throw new UsageError('a client or server, and a server, or --all');
      const [node, server] = words;
      await set(context, verb === 'cut', node, server);
      if (context.json) context.printJson({ failures: [] });
    },
  };
}

async function set(
  context: Context,
  cut: boolean,
  node: string | undefined,
  server: string | undefined,
): Promise<void> {
  const http = await context.http('coda realm');
  const names = { ...(node === undefined ? {} : { node }), ...(server === undefined ? {} : { server }) };
  await http.json({ method: 'POST', route: '/realm/links', json: { cut, ...names } }, emptySchema);
}
