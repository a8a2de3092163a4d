import * as v from 'valibot';
import type { Command } from '../../command.ts';

const linksSchema = v.object({
  links: v.array(v.object({ client: v.string(), server: v.string(), isCut: v.boolean() })),
});

export const linkList: Command = {
  usage: 'coda realm link list',
  summary: 'list the links between clients and servers: open or cut',
  words: { max: 0 },

  async run(context) {
    const http = await context.http('coda realm');
    const { links } = await http.json({ method: 'GET', route: '/realm/links' }, linksSchema);
    if (context.json) {
      context.printJson({ links, failures: [] });
      return;
    }
    for (const { client, server, isCut } of links)
      context.print(`${client}  ${server}  ${isCut ? 'cut' : 'open'}\n`);
  },
};
