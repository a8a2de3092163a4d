import { linkListSchema } from '../../../ipc/socket/routes.ts';
import type { Command } from '../../command.ts';

export const linkList: Command = {
  usage: 'coda realm link list',
  summary: 'list the links between clients and servers, and between servers: open or cut',
  words: { max: 0 },

  async run(context) {
    const http = await context.http('coda realm');
    const { links } = await http.json({ method: 'GET', route: '/realm/links' }, linkListSchema);
    if (context.json) {
      context.printJson({ links, failures: [] });
      return;
    }
    for (const link of links) {
      const ends = 'peer' in link ? `${link.server}  ${link.peer}` : `${link.client}  ${link.server}`;
      context.print(`${ends}  ${link.isCut ? 'cut' : 'open'}\n`);
    }
  },
};
