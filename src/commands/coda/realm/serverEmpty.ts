import { emptySchema, serverListSchema, volumeListSchema } from '../../../ipc/socket/routes.ts';
import { printable } from '../../../term/printable.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { ExitStatus } from '../../exitStatus.ts';

export const serverEmpty: Command = {
  usage: 'coda realm server empty [--yes] <name>',
  summary: 'remove all that a stopped server keeps, as if it had got a new disk',
  description: [
    'Volumes that are on other servers, too, are still there. What is on this server alone is lost. The tool says which those are, and asks.',
  ],
  options: [{ flags: '--yes', summary: 'do not ask' }],
  examples: ['coda realm server stop s2', 'coda realm server empty s2'],
  completes: ['server'],
  words: { min: 1, max: 1 },

  async run(context, [name = ''], options) {
    if (!options.flag('yes') && !(await agrees(context, name))) {
      context.terminal.err('Nothing was removed.\n');
      context.count(ExitStatus.Failed, 0);
      if (context.json) context.printJson({ name, failures: [] });
      return;
    }
    const http = await context.http('coda realm');
    const json = { name, action: 'empty' };
    await http.json({ method: 'POST', route: '/realm/servers', json }, emptySchema);
    if (context.json) context.printJson({ name, failures: [] });
  },
};

/** There is nothing to ask about where the server will refuse. */
async function agrees(context: Context, name: string): Promise<boolean> {
  const http = await context.http('coda realm');
  const { servers } = await http.json({ method: 'GET', route: '/realm/servers' }, serverListSchema);
  if (servers.find((server) => server.name === name)?.state !== 'stopped') return true;
  const { volumes } = await http.json({ method: 'GET', route: '/realm/volumes' }, volumeListSchema);
  const here = volumes.filter((volume) => volume.servers.includes(name));
  const alone = here.filter((volume) => volume.servers.length === 1);
  const { readStdinLine } = await import('../../../term/prompts.ts');
  context.terminal.err(questionOf(name, here, alone));
  const answer = readStdinLine().trim().toLowerCase();
  if (!context.terminal.inIsTerminal) context.terminal.err('\n');
  return answer === 'y' || answer === 'yes';
}

type Named = readonly { readonly name: string }[];

function questionOf(server: string, here: Named, alone: Named): string {
  const namesOf = (volumes: Named) => volumes.map(({ name }) => printable(name)).join(', ');
  const held = here.length === 0 ? 'no volumes' : `replicas of ${namesOf(here)}`;
  const lost =
    alone.length === 0 ? '' : `\nThere is NO other replica of ${namesOf(alone)}: all in it is lost.`;
  return `${server} has ${held}.${lost}\nRemove all that it keeps? [y/N] `;
}
