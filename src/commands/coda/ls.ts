import { joinPath } from '../../ipc/codaPath.ts';
import type { FileStatus, FileTree } from '../../ipc/venus.ts';
import { formatMode } from '../../term/mode.ts';
import { formatListTime } from '../../term/time.ts';
import type { Command } from '../command.ts';
import type { Context, Target } from '../context.ts';
import { REQUESTS } from '../eachPath.ts';
import { inFlight } from '../inFlight.ts';

interface Listed {
  readonly name: string;
  readonly status: FileStatus;
  readonly target: string | undefined;
}

export const ls: Command = {
  usage: 'coda ls [-l] [-d] [<path> ...]',
  summary: 'list directories',
  options: [
    { flags: '-l, --long', summary: 'with mode, links, owner, size and time' },
    { flags: '-d, --directory', summary: 'directories themselves, not what is in them' },
  ],

  async run(context, words, options) {
    const paths = words.length === 0 ? ['.'] : words;
    const files = await context.files();
    const shown: object[] = [];
    for (const typed of paths) {
      try {
        const target = await context.target(typed);
        const names = await namesAt(files, target, options.flag('directory'));
        if (paths.length > 1 && !context.json) context.print(`${typed}:\n`);
        if (context.json) shown.push({ path: typed, entries: (await describeAll(files, names)).map(toJson) });
        else if (options.flag('long')) await printLong(context, files, names);
        else for (const { name } of names) context.print(`${name}\n`);
        if (paths.length > 1 && !context.json) context.print('\n');
        context.succeed();
      } catch (error) {
        await context.fail(error, typed, typed);
      }
    }
    if (context.json) context.printJson({ directories: shown, failures: context.failures });
  },
};

/** What is to be listed: a name and the path it stands for. */
interface Named {
  readonly name: string;
  readonly path: string;
}

/** Entries of a directory, sorted; of a file, itself. */
async function namesAt(files: FileTree, { typed, path }: Target, itself: boolean): Promise<readonly Named[]> {
  const { type } = itself ? await files.lstat(path) : (await files.resolve(path)).status;
  if (itself || type !== 'directory') return [{ name: typed, path }];
  const names: string[] = [];
  for await (const { name } of files.readdir(path)) names.push(name);
  return names.sort().map((name) => ({ name, path: joinPath(path, name) }));
}

async function printLong(context: Context, files: FileTree, names: readonly Named[]): Promise<void> {
  for (const entry of await describeAll(files, names)) context.print(formatLong(context, entry));
}

async function describeAll(files: FileTree, names: readonly Named[]): Promise<readonly Listed[]> {
  const entries: Listed[] = [];
  for await (const outcome of inFlight(names, REQUESTS, (named) => describe(files, named))) {
    if (!outcome.ok) throw outcome.error;
    entries.push(outcome.result);
  }
  return entries;
}

async function describe(files: FileTree, { name, path }: Named): Promise<Listed> {
  const status = await files.lstat(path);
  const target = status.type === 'symlink' ? await files.readlink(path) : undefined;
  return { name, status, target };
}

function formatLong(context: Context, { name, status, target }: Listed): string {
  const kind = { file: '-', directory: 'd', symlink: 'l' }[status.type];
  const owner = status.ownerName ?? String(status.owner);
  const time = formatListTime(status.modified, context.surroundings.now());
  const arrow = target === undefined ? '' : ` -> ${target}`;
  const columns = [
    `${kind}${formatMode(status.mode)}`,
    String(status.linkCount).padStart(3),
    owner.padEnd(12),
    String(status.length).padStart(12),
    time,
  ];
  return `${columns.join(' ')} ${name}${arrow}\n`;
}

function toJson({ name, status, target }: Listed): object {
  const { modified, mode, ...rest } = status;
  return {
    name,
    ...rest,
    mode: mode.toString(8).padStart(4, '0'),
    modified: new Date(modified).toISOString(),
    ...(target === undefined ? {} : { target }),
  };
}
