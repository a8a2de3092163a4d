import { formatHoardName } from '../../hoard/entryText.ts';
import type { CacheExplanation } from '../../ipc/hoard.ts';
import { printable } from '../../term/printable.ts';
import { formatSize } from '../../term/size.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { hoardInsight } from './hoardPlace.ts';
import { victimLines } from './plan.ts';

export const explain: Command = {
  usage: 'hoard explain <path> ...',
  summary: 'tell why something is in the cache, and what would be thrown out before it',
  description: [
    'Each term of its priority, the entries that hoard it, what pins it, and its place in the order in which things go. Nothing is fetched to find out.',
  ],
  examples: ['hoard explain /coda/example.org/usr/jan/src/main.c'],
  words: { min: 1 },
  classicFailure: 0,

  async run(context, paths) {
    const insight = await hoardInsight(context, 'hoard explain');
    const shown: object[] = [];
    for (const typed of paths) {
      try {
        const found = await insight.explain((await context.target(typed)).path);
        if (context.json) shown.push(jsonOf(context, found));
        else context.print(textOf(context, found));
        context.succeed();
      } catch (error) {
        await context.fail(error, typed, typed);
      }
    }
    if (context.json) context.printJson({ objects: shown, failures: context.failures });
  },
};

function textOf(context: Context, found: CacheExplanation): string {
  const { path, type, length, isCached, hoard, recency, weights, total, pinned, before } = found;
  const size = length === undefined ? '' : `, ${formatSize(length)}`;
  const lines = [
    `${printable(context.userPath(path))}: ${type}${size}, ${isCached ? 'in the cache' : 'its contents are not here'}`,
    `  priority ${total} = ${weights.hoard} x ${hoard.priority} (hoarding) + ${weights.recency} x ${recency.priority} (use)`,
    ...hoardLines(context, hoard),
    `  ${useText(recency)}`,
    ...pinLines(pinned),
    ...orderLines(context, before, isCached, pinned),
  ];
  return `${lines.join('\n')}\n`;
}

function hoardLines(context: Context, { entries, uid }: CacheExplanation['hoard']): readonly string[] {
  if (entries.length === 0) return ['  hoarded: no'];
  return entries.map((entry) => {
    const name =
      entry.path === undefined ? `<${formatHoardName(entry)}>` : printable(context.userPath(entry.path));
    const how = entry.isExpanded ? 'as a member of' : 'by the entry';
    return `  hoarded: ${how} ${name}, at ${entry.priority}${uid === undefined ? '' : `, fetched as uid ${uid}`}`;
  });
}

function useText({ rank, spread }: CacheExplanation['recency']): string {
  if (rank === undefined) return 'used: never, as far as venus knows';
  const others = spread === undefined ? '' : `, ${spread} uses of other objects since`;
  return `used: rank ${rank}${others}`;
}

const pinTexts: Readonly<Record<CacheExplanation['pinned'][number], string>> = {
  unsent: 'changes of it are not on the servers yet',
  open: 'somebody has it open',
  local: 'it was made here, and no server has it',
  structure: 'it leads to something that has to stay',
};

function pinLines(pinned: CacheExplanation['pinned']): readonly string[] {
  return pinned.map((pin) => `  pinned: ${pinTexts[pin]}`);
}

function orderLines(
  context: Context,
  before: CacheExplanation['before'],
  isCached: boolean,
  pinned: CacheExplanation['pinned'],
): readonly string[] {
  if (pinned.length > 0) return ['  goes: not as long as it is pinned'];
  if (before === undefined) return isCached ? ['  goes: venus does not say when'] : [];
  const lines = victimLines(context, before, 'goes: first of all', 'goes: after');
  return lines.map((line) => `  ${line}`);
}

function jsonOf(context: Context, { path, before, hoard, ...found }: CacheExplanation): object {
  return {
    path: context.userPath(path),
    ...found,
    hoard: {
      ...hoard,
      entries: hoard.entries.map(({ path: at, ...entry }) => ({
        ...entry,
        ...(at === undefined ? {} : { path: context.userPath(at) }),
      })),
    },
    ...(before === undefined
      ? {}
      : {
          before: {
            ...before,
            first: before.first.map((each) => ({ ...each, path: context.userPath(each.path) })),
          },
        }),
  };
}
