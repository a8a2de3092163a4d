import type { FileStatus } from '../../ipc/venus.ts';
import type { Command } from '../command.ts';
import { forEachPath } from '../eachPath.ts';

export const stat: Command = {
  usage: 'coda stat <path> [<path> ...]',
  summary: 'show all that is known of objects; links are not followed',
  words: { min: 1 },

  async run(context, paths) {
    const files = await context.files();
    const shown: object[] = [];
    await forEachPath(context, paths, {
      ask: ({ path }) => files.lstat(path),
      print: (typed, status) => {
        if (context.json) shown.push({ path: typed, ...toJson(status) });
        else context.print(format(typed, status));
      },
    });
    if (context.json) context.printJson({ objects: shown, failures: context.failures });
  },
};

function format(typed: string, status: FileStatus): string {
  const owner =
    status.ownerName === undefined ? String(status.owner) : `${status.ownerName} (${status.owner})`;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['type', status.type],
    ['size', String(status.length)],
    ['mode', octal(status.mode)],
    ['owner', owner],
    ['links', String(status.linkCount)],
    ['modified', new Date(status.modified).toISOString()],
    ['fid', status.identity],
    ['mounted', status.mountPoint],
  ];
  const lines = rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `  ${name.padEnd(9)} ${value}\n`);
  return `${typed}:\n${lines.join('')}`;
}

function toJson({ modified, mode, ...rest }: FileStatus): object {
  return { ...rest, mode: octal(mode), modified: new Date(modified).toISOString() };
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
