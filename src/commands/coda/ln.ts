import type { Command } from '../command.ts';

export const ln: Command = {
  usage: 'coda ln [-s] <target> <path>',
  summary: 'give a file a second name in its directory, or make a symbolic link',
  options: [{ flags: '-s, --symbolic', summary: 'a symbolic link, to whatever its target names' }],
  words: { min: 2, max: 2 },

  async run(context, [target = '', typed = ''], options) {
    const files = await context.files();
    try {
      const { path } = await context.target(typed);
      if (options.flag('symbolic')) await files.symlink(path, target);
      else await files.link((await context.target(target)).path, path);
      context.succeed();
    } catch (error) {
      await context.fail(error, typed, typed);
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};
