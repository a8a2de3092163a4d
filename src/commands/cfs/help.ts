import type { Command } from '../command.ts';
import type { CommandSummary, Context } from '../context.ts';

export const help: Command = {
  usage: 'cfs help [opcode]',
  summary: 'list the commands, or show how one is used',

  async run(context, [word]) {
    const { commands } = context.tool;
    const entries = typeof commands === 'function' ? [] : commands;
    if (word !== undefined) {
      await explainOne(
        context,
        entries.find(({ names }) => names.includes(word)),
      );
      return;
    }
    const listed = entries.filter(({ isListed = true }) => isListed);
    const rows = await Promise.all(
      listed.map(async ({ names: [name = '', short], load }) => ({
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

/** The classic line on stdout; more on a terminal. */
async function explainOne(context: Context, found: CommandSummary | undefined): Promise<void> {
  if (!found) {
    context.print('Bogus opcode: type "cfs help" for list\n');
    return;
  }
  const [name = '', short] = found.names;
  const { usage, summary, description = [] } = await found.load();
  if (context.json) context.printJson({ name, short, usage, summary, description });
  else context.print(`Usage: ${usage}\n`);
  context.note(
    `\n${[`${name}: ${summary}`, ...description].join('\n\n')}\n\nIts options: cfs ${name} --help`,
  );
}

/** spec/cfs.md, 1.6: abbreviations of four letters push their column. */
function row(name: string, short: string | undefined): string {
  return short === undefined ? `${name.padStart(16)}       ` : `${name.padStart(16)}  ${short.padStart(3)}  `;
}
