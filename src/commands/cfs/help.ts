import type { Command } from '../command.ts';

export const help: Command = {
  usage: 'cfs help [opcode]',
  summary: 'list the commands, or show how one is used',

  async run(context, [word]) {
    const { commands } = context.tool;
    const entries = typeof commands === 'function' ? [] : commands;
    if (word !== undefined) {
      const found = entries.find(({ names }) => names.includes(word));
      context.print(
        found ? `Usage: ${(await found.load()).usage}\n` : 'Bogus opcode: type "cfs help" for list\n',
      );
      return;
    }
    const rows = await Promise.all(
      entries.map(async ({ names: [name = '', short], load }) => ({
        name,
        short,
        summary: (await load()).summary,
      })),
    );
    if (context.json) context.printJson({ commands: rows });
    else
      context.print(`\n${rows.map(({ name, short, summary }) => row(name, short) + summary).join('\n')}\n\n`);
  },
};

/** spec/cfs.md, 1.6: abbreviations of four letters push their column. */
function row(name: string, short: string | undefined): string {
  return short === undefined ? `${name.padStart(16)}       ` : `${name.padStart(16)}  ${short.padStart(3)}  `;
}
