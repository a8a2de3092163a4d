import { call } from '../../ipc/call.ts';
import { statMountPoint } from '../../ipc/calls/statMountPoint.ts';
import { splitPath } from '../../ipc/codaPath.ts';
import { isErrno } from '../../ipc/errors.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { echoed } from '../eachPath.ts';
import { ExitStatus } from '../exitStatus.ts';

/** What stands at a path. */
type Finding =
  | { readonly kind: 'mount point'; readonly volume: string }
  | { readonly kind: 'dangling mount point'; readonly volume: string }
  | { readonly kind: 'dangling link' }
  | { readonly kind: 'no mount point' }
  | { readonly kind: 'no directory' };

export const lsmount: Command = {
  usage: 'cfs lsmount <dir> [<dir> <dir> ...]',
  summary: 'show which volumes are mounted at directories',
  words: { min: 1 },
  classicFailure: 0,

  async run(context, paths) {
    const files = await context.files();
    const echo = echoed(context, paths, '  ');
    const shown: object[] = [];
    for (const typed of paths) {
      echo(typed);
      let label = 'realpath';
      try {
        const found = await resolve(files, (await context.target(typed)).path);
        label = 'VIOC_AFS_STAT_MT_PT';
        const finding = 'path' in found ? await examine(context, found.path) : found;
        if (context.json) shown.push({ path: typed, ...finding });
        else print(context, typed, finding);
        context.count(finding.kind === 'mount point' ? ExitStatus.Done : ExitStatus.Failed, 0);
      } catch (error) {
        await context.fail(error, label, typed);
      }
    }
    if (context.json) context.printJson({ paths: shown, failures: context.failures });
  },
};

async function examine(context: Context, path: string): Promise<Finding> {
  const { directory, entry } = splitPath(path);
  const venus = await context.pioctls();
  try {
    const contents = await call(venus, statMountPoint, directory, entry);
    return { kind: 'mount point', volume: contents.slice(1) };
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOTDIR')) return { kind: 'no mount point' };
    throw error;
  }
}

/** The path without links, or what is there instead of a directory. */
async function resolve(files: FileTree, path: string): Promise<{ readonly path: string } | Finding> {
  try {
    const { path: real, status } = await files.resolve(path);
    return status.type === 'directory' ? { path: real } : { kind: 'no directory' };
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    const { type } = await files.lstat(path);
    if (type !== 'symlink') throw error;
    const target = await files.readlink(path);
    return target.startsWith('#')
      ? { kind: 'dangling mount point', volume: target.slice(1) }
      : { kind: 'dangling link' };
  }
}

function print(context: Context, typed: string, finding: Finding): void {
  switch (finding.kind) {
    case 'mount point': {
      context.print(`Mount point for volume "${finding.volume}"\n`);
      return;
    }
    case 'dangling mount point': {
      context.print(`Dangling sym link; looks like a mount point for volume "${finding.volume}"\n`);
      return;
    }
    case 'dangling link': {
      context.print(`!! ${typed} is not a volume mount point\n`);
      return;
    }
    case 'no mount point': {
      context.print('Not a mount point\n');
      return;
    }
    case 'no directory': {
      context.terminal.err(`${typed} - Not a mount point\n`);
      return;
    }
  }
}
