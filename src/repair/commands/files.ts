/** Looking at files while an object is expanded; mounted or not. */
import { joinPath } from '../../ipc/codaPath.ts';
import type { FileStatus, FileTree } from '../../ipc/venus.ts';
import { printable } from '../../term/printable.ts';
import { formatListTime } from '../../term/time.ts';
import type { CommandDefinition } from '../commandDefinition.ts';
import type { RepairRun } from '../repairRun.ts';
import { LineError } from '../words.ts';

export const ls: CommandDefinition = {
  name: 'ls',
  aliases: [],
  summary: 'list directories; -l with modes, owners, sizes and dates',
  help: [
    'In a session, paths that begin with "local", "global" or the name of a server are below the object; without a path the object itself is listed.',
  ],
  arguments: [],
  takesMore: true,
  onInterrupt: 'give up',
  async run(run, words) {
    const options = words.filter((word) => /^-[a-z]+$/.test(word));
    const wrong = options.find((option) => !/^-[la]+$/.test(option));
    if (wrong !== undefined) throw new LineError(`ls knows -l and -a, not ${printable(wrong)}`);
    const paths = words.filter((word) => !options.includes(word));
    const isLong = options.some((option) => option.includes('l'));
    for (const typed of paths.length === 0 ? [undefined] : paths) {
      if (paths.length > 1) run.conversation.print(`${printable(typed ?? '')}:\n`);
      run.conversation.print(await listing(run, typed, isLong));
    }
    return 'done';
  },
};

export const cat: CommandDefinition = {
  name: 'cat',
  aliases: [],
  summary: 'show the contents of files',
  help: ['Paths as for ls. On a terminal, characters that would do something to it are shown as escapes.'],
  arguments: [{ name: 'FILE', question: 'Pathname of file?' }],
  takesMore: true,
  onInterrupt: 'give up',
  async run(run, words, signal) {
    const files = await run.workplace.files();
    for (const typed of words) {
      const path = await resolveTyped(run, typed);
      for await (const bytes of files.read(path)) {
        if (signal.aborted) return 'failed';
        run.conversation.printBytes(bytes);
      }
    }
    return 'done';
  },
};

/** A typed path from the Coda root; in a session also from the object. */
export async function resolveTyped(run: RepairRun, typed: string | undefined): Promise<string> {
  if (!run.hasObject) return run.workplace.toVenusPath(typed ?? '.');
  const { path, servers } = run.begun;
  if (typed === undefined) return path;
  const [first = ''] = typed.split('/');
  const isBelow = ['local', 'global', '_localcache', ...servers].includes(first);
  return isBelow ? joinPath(path, typed) : run.workplace.toVenusPath(typed);
}

interface Entry {
  readonly name: string;
  readonly status: FileStatus;
  readonly target: string | undefined;
}

async function listing(run: RepairRun, typed: string | undefined, isLong: boolean): Promise<string> {
  const files = await run.workplace.files();
  const path = await resolveTyped(run, typed);
  const found = await files.lstat(path);
  const isDirectory = found.type === 'directory';
  const entries = isDirectory
    ? await entriesOf(files, path)
    : [await describe(files, path, typed ?? run.object)];
  if (!isLong) return entries.map(({ name }) => `${printable(name)}\n`).join('');
  const lines = entries.map((entry) => `${longLine(entry, run.workplace.now())}\n`).join('');
  return isDirectory ? `total ${kibibytes(entries)}\n${lines}` : lines;
}

async function entriesOf(files: FileTree, path: string): Promise<readonly Entry[]> {
  const names: string[] = [];
  for await (const { name } of files.readdir(path)) names.push(name);
  const entries: Entry[] = [];
  for (const name of names.sort()) entries.push(await describe(files, joinPath(path, name), name));
  return entries;
}

async function describe(files: FileTree, path: string, name: string): Promise<Entry> {
  const status = await files.lstat(path);
  return { name, status, target: status.type === 'symlink' ? await files.readlink(path) : undefined };
}

function kibibytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, { status }) => sum + Math.ceil(status.length / 1024), 0);
}

/** As `drwxr-xr-x  3 luqi         2048 Dec 20 00:51 global`. */
function longLine({ name, status, target }: Entry, now: number): string {
  const kind = { file: '-', directory: 'd', symlink: 'l' }[status.type];
  const mode = Array.from({ length: 9 }, (_, at) => ((status.mode >> (8 - at)) & 1 ? 'rwx'[at % 3] : '-'));
  const columns = [
    `${kind}${mode.join('')}`,
    String(status.linkCount).padStart(2),
    printable(status.ownerName ?? String(status.owner)).padEnd(8),
    String(status.length).padStart(8),
    formatListTime(status.modified, now),
    printable(name),
  ];
  return `${columns.join(' ')}${target === undefined ? '' : ` -> ${printable(target)}`}`;
}
