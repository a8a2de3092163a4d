import { joinPath, splitPath } from '../../ipc/codaPath.ts';
import { isErrno } from '../../ipc/errors.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { Command } from '../command.ts';

export const mv: Command = {
  usage: 'coda mv <path> [<path> ...] <new path | directory>',
  summary: 'rename files and directories, or move them within their volume',
  words: { min: 2 },

  async run(context, words) {
    const files = await context.files();
    const target = (await context.target(words.at(-1) ?? '')).path;
    const into = await isDirectory(files, target);
    const sources = words.slice(0, -1);
    for (const typed of sources) {
      try {
        const { path } = await context.target(typed);
        await files.rename(
          path,
          into || sources.length > 1 ? joinPath(target, splitPath(path).entry) : target,
        );
        context.succeed();
      } catch (error) {
        await context.fail(error, typed, typed);
      }
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

async function isDirectory(files: FileTree, path: string): Promise<boolean> {
  try {
    return (await files.resolve(path)).status.type === 'directory';
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
