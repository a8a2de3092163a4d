import type { Command } from '../command.ts';

export const cat: Command = {
  usage: 'coda cat <path> [<path> ...]',
  summary: 'write the contents of files to stdout',
  words: { min: 1 },

  async run(context, paths) {
    const files = await context.files();
    for (const typed of paths) {
      try {
        const { path } = await context.target(typed);
        for await (const bytes of files.read(path)) context.terminal.outBytes(bytes);
        context.succeed();
      } catch (error) {
        await context.fail(error, typed, typed);
      }
    }
  },
};
