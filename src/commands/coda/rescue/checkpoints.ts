import { type FoundCheckpoint, findCheckpoints } from '../../../cml/findCheckpoints.ts';
import { formatDuration } from '../../../term/time.ts';
import type { Options } from '../../command.ts';
import type { Context } from '../../context.ts';
import { allSpools } from '../../spools.ts';
import { RescueError } from './openArchive.ts';

/** Lists the checkpoints that are found, the newest first. */
export async function printCheckpoints(context: Context, options: Options): Promise<void> {
  const { checkpoints, unreadable } = await findCheckpoints(await allSpools(context, options.value('data')));
  for (const { path, message } of unreadable) {
    await context.fail(new RescueError(`cannot be read (${message})`), path);
  }
  if (context.json) {
    context.printJson({ checkpoints: checkpoints.map(toJson), failures: context.failures });
  } else if (checkpoints.length === 0) {
    context.print('No checkpoints.\n');
  } else {
    context.print(tableOf(checkpoints, context.surroundings.now()));
    context.note('To see what one holds: coda rescue ARCHIVE list');
  }
  context.succeed();
}

function tableOf(checkpoints: readonly FoundCheckpoint[], now: number): string {
  const rows = checkpoints.map((found) => [
    formatDuration((now - found.modified) / 1000),
    String(found.uid),
    found.entries === undefined ? '?' : String(found.entries),
    found.archive === undefined ? '-' : String(found.bytes),
    found.archive ?? `${found.log ?? ''} (without its archive)`,
  ]);
  const all = [['AGE', 'UID', 'ENTRIES', 'BYTES', 'ARCHIVE'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padStart(widths[column] ?? 0)).join('  ');
  return `${all.map(line).join('\n')}\n`;
}

function toJson({ modified, ...found }: FoundCheckpoint): object {
  return { ...found, modified: new Date(modified).toISOString() };
}
