import type { HoardPlan, Victims } from '../../ipc/hoard.ts';
import { printable } from '../../term/printable.ts';
import { formatSize } from '../../term/size.ts';
import { startSpinner } from '../../term/spinner.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus } from '../exitStatus.ts';
import { EntryAdder } from './entryAdder.ts';
import { excludeOption, excludesOf } from './excludeOption.ts';
import { goodLinesOf, openHoardFile, reportBadLines } from './hoardFile.ts';
import { canonicalPathsOf, hoardInsight } from './hoardPlace.ts';
import { PlannedEntries } from './planEntries.ts';
import { reasonText } from './reasonText.ts';

export const plan: Command = {
  usage: 'hoard plan <file>',
  summary: 'tell what a hoard file would take, and what would go for it; nothing is changed',
  description: [
    'Of each priority: entries, objects, bytes, and what of it is here already. Then what would be thrown out of the cache, what would find no room, and what could not be looked up and so is not counted.',
    'The file is read as hoard -f does, - is stdin. What is hoarded already is kept, as far as the file does not take it out. The status is 0 if all would find room.',
  ],
  options: [excludeOption],
  examples: ['hoard plan ~/.hoardrc', 'echo "add /coda/example.org/usr/jan d+" | hoard plan -'],
  words: { min: 1, max: 1 },
  classicFailure: 0,

  async run(context, [name = ''], options) {
    const file = await openHoardFile(name);
    if ((await reportBadLines(context, file)) > 0) {
      context.count(ExitStatus.Failed);
      if (context.json) context.printJson({ failures: context.failures });
      return;
    }
    const insight = await hoardInsight(context, 'hoard plan');
    const venus = await context.venus();
    const paths = canonicalPathsOf(context, venus);
    const adder = new EntryAdder(context, venus, paths, {
      exclude: excludesOf(options),
      verbose: false,
      debug: false,
    });
    const planned = new PlannedEntries(context, insight, paths, adder);
    for await (const { command } of goodLinesOf(file)) await planned.note(command);
    await planned.settle();
    const spinner = startSpinner('looking up what the file names', context.terminal);
    const progress = ({ objects, bytes }: { readonly objects: number; readonly bytes: number }) =>
      spinner.say(`looking up what the file names: ${objects} objects, ${formatSize(bytes)}`);
    const made = await insight
      .plan(planned.entries, { replace: planned.isWhole, progress })
      .finally(() => spinner.stop());
    context.count(made.unfit.objects + made.unknown.objects === 0 ? ExitStatus.Done : ExitStatus.Failed);
    if (context.json) context.printJson({ ...jsonOf(context, made), failures: context.failures });
    else context.print(textOf(context, made));
  },
};

function textOf(context: Context, { priorities, evicted, unfit, unknown, capacity }: HoardPlan): string {
  const header = ['priority', 'entries', 'objects', 'bytes', 'here already'];
  const rows = priorities.map(({ priority, entries, objects, bytes, cached }) => [
    String(priority),
    String(entries),
    String(objects),
    formatSize(bytes),
    `${cached.objects}, ${formatSize(cached.bytes)}`,
  ]);
  const sum = (of: (row: HoardPlan['priorities'][number]) => number) =>
    priorities.reduce((total, row) => total + of(row), 0);
  const total = [
    'all',
    String(sum(({ entries }) => entries)),
    String(sum(({ objects }) => objects)),
    formatSize(sum(({ bytes }) => bytes)),
    `${sum(({ cached }) => cached.objects)}, ${formatSize(sum(({ cached }) => cached.bytes))}`,
  ];
  const lines = [
    ...tableOf([header, ...rows, total]),
    `The cache holds ${capacity.objects} objects, ${formatSize(capacity.bytes)}.`,
    ...victimLines(
      context,
      evicted,
      'Nothing would be thrown out for it.',
      'Would be thrown out of the cache',
    ),
    ...victimLines(context, unfit, 'All of it would find room.', 'Would find no room'),
    ...unknownLines(context, unknown),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function tableOf(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  '));
}

/** How much, and the first of it by name. */
export function victimLines(
  context: Context,
  { objects, bytes, first }: Victims,
  none: string,
  some: string,
): readonly string[] {
  if (objects === 0) return [none];
  const more = objects - first.length;
  return [
    `${some}: ${objects} objects, ${formatSize(bytes)}`,
    ...first.map(
      (victim) =>
        `  ${printable(context.userPath(victim.path))}  ${formatSize(victim.bytes)}, priority ${victim.priority}`,
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function unknownLines(context: Context, { objects, first }: HoardPlan['unknown']): readonly string[] {
  if (objects === 0) return [];
  const more = objects - first.length;
  return [
    `Could not be looked up, so that what it would take is not counted: ${objects}`,
    ...first.map(
      ({ path, reason }) => `  ${printable(context.userPath(path))}: ${printable(reasonText({ reason }))}`,
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function jsonOf(context: Context, { evicted, unfit, unknown, ...made }: HoardPlan): object {
  const named = <Each extends { readonly path: string }>(all: readonly Each[]) =>
    all.map((each) => ({ ...each, path: context.userPath(each.path) }));
  return {
    ...made,
    evicted: { ...evicted, first: named(evicted.first) },
    unfit: { ...unfit, first: named(unfit.first) },
    unknown: { ...unknown, first: named(unknown.first) },
  };
}
