import { type AccessEntry, type AccessList, parseAcl } from '../../acl/accessList.ts';
import { formatRights } from '../../acl/rights.ts';
import { call } from '../../ipc/call.ts';
import { getAcl } from '../../ipc/calls/getAcl.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { forEachPath } from '../eachPath.ts';
import { forEachDirectory } from '../tree.ts';

export const listacl: Command = {
  usage: 'cfs listacl <dir> [<dir> <dir> ...]',
  summary: 'show the access lists of directories',
  description: [
    'Each line names a user or group and its rights: r(ead) l(ookup) i(nsert) d(elete) w(rite) loc(k) a(dminister). ' +
      'A dash before the rights takes them away, whatever other entries give.',
  ],
  options: [{ flags: '-R, --recursive', summary: 'the whole trees below the directories' }],
  examples: ['cfs la .', 'cfs la -R /coda/example.org/project'],
  words: { min: 1 },
  classicFailure: 0,

  async run(context, directories, options) {
    const venus = await context.pioctls();
    const ask = async (path: string) => parseAcl(await call(venus, getAcl, path), 'reply');
    if (options.flag('recursive')) {
      await forEachDirectory(context, directories, ask, (typed, list) => printTree(context, typed, list));
      return;
    }
    const shown: object[] = [];
    await forEachPath(context, directories, {
      ask: ({ path }) => ask(path),
      print: (typed, list) => {
        if (context.json) shown.push({ path: typed, ...toJson(list) });
        else context.print((directories.length > 1 ? `\n${typed}:\n` : '') + formatList(list));
      },
    });
    if (context.json) context.printJson({ directories: shown, failures: context.failures });
  },
};

function printTree(context: Context, typed: string, list: AccessList): void {
  if (context.json) context.printJsonLine({ path: typed, ...toJson(list) });
  else context.print(`\n${typed}:\n${formatList(list)}`);
}

/** Every line has trailing blanks, which scripts know (spec/cfs.md, 6.1). */
function formatList(list: AccessList): string {
  const line = (sign: string) => (entry: AccessEntry) =>
    `${entry.name.padStart(20)} ${sign}${formatRights(entry.rights).padEnd(8)}\n`;
  return [...list.positive.map(line(' ')), ...list.negative.map(line('-'))].join('');
}

function toJson(list: AccessList) {
  const entries = (side: readonly AccessEntry[]) =>
    side.map(({ name, rights }) => ({ name, rights: formatRights(rights) }));
  return { positive: entries(list.positive), negative: entries(list.negative) };
}
