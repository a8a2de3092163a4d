import { joinPath } from '../../ipc/codaPath.ts';
import { errno } from '../../ipc/errno.ts';
import { VenusError, isErrno } from '../../ipc/errors.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { Command } from '../command.ts';

export const rm: Command = {
  usage: 'coda rm [-r] [-f] <path> [<path> ...]',
  summary: 'remove files, links and empty directories',
  description: ['Mounted volumes are never entered: what is in them stays. To unmount one: cfs rmmount'],
  options: [
    { flags: '-r, --recursive', summary: 'directories with all that is in them' },
    { flags: '-f, --force', summary: 'no error for what is not there' },
  ],
  words: { min: 1 },

  async run(context, paths, options) {
    const files = await context.files();
    for (const typed of paths) {
      try {
        const { path } = await context.target(typed);
        await (options.flag('recursive') ? removeTree(files, path) : files.remove(path));
        context.succeed();
      } catch (error) {
        if (options.flag('force') && isErrno(error, 'ENOENT')) context.succeed();
        else await context.fail(error, typed, typed);
      }
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

async function removeTree(files: FileTree, path: string): Promise<void> {
  const { type, mountPoint } = await files.lstat(path);
  if (mountPoint !== undefined) {
    throw new VenusError(errno('EBUSY'), {
      why: `A volume is mounted at ${path}.`,
      next: 'Unmount it first: cfs rmmount',
    });
  }
  if (type === 'directory') {
    const names: string[] = [];
    for await (const { name } of files.readdir(path)) names.push(name);
    for (const name of names) await removeTree(files, joinPath(path, name));
  }
  await files.remove(path);
}
