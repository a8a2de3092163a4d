import { isErrno } from '../../ipc/errors.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { Command } from '../command.ts';

const MODE = 0o755;

export const mkdir: Command = {
  usage: 'coda mkdir [-p] <path> [<path> ...]',
  summary: 'make directories; each starts with the access list of the one it is in',
  options: [{ flags: '-p, --parents', summary: 'make those above, too; no error if it is there' }],
  words: { min: 1 },

  async run(context, paths, options) {
    const files = await context.files();
    for (const typed of paths) {
      try {
        const { path } = await context.target(typed);
        await (options.flag('parents') ? makeWithParents(files, path) : files.mkdir(path, MODE));
        context.succeed();
      } catch (error) {
        await context.fail(error, typed, typed);
      }
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

async function makeWithParents(files: FileTree, path: string): Promise<void> {
  const components = path.split('/').filter((component) => component !== '');
  for (let depth = 1; depth <= components.length; depth++) {
    const part = `/${components.slice(0, depth).join('/')}`;
    try {
      if ((await files.resolve(part)).status.type === 'directory') continue;
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    await files.mkdir(part, MODE);
  }
}
