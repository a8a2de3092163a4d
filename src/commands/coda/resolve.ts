import type { ConflictReport } from '../../ipc/repairs.ts';
import { explainConflict, isBelow, workplacesOf } from '../../repair/conflictList.ts';
import { Interruptions } from '../../repair/interruptions.ts';
import { choices } from '../../repair/resolve.ts';
import { printable } from '../../term/printable.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';
import { withSignals } from '../repair/signals.ts';
import { conflictsAt } from './conflicts.ts';
import { settleAll } from './settleObjects.ts';

export const resolve: Command = {
  usage: 'coda resolve (<path> ... | --all) --keep mine|server|both|newest [--dry-run]',
  summary: 'settle conflicts without looking at each change',
  description: [
    'mine: what you did wins. server: what the servers have stays, and what you did goes where that is in its way. both: your version is kept beside that of the servers, under a name that says host and day. newest: the later of both.',
    'What both sides did alike settles itself. What cannot be settled stays in the modify log, and does not stop the rest. A version of the servers that is replaced is first saved below $XDG_STATE_HOME/coda/replaced.',
  ],
  options: [
    { flags: '--all', summary: 'all conflicts that there are' },
    { flags: '--keep <whose>', summary: 'mine, server, both or newest' },
    { flags: '--dry-run', summary: 'say what is in conflict, and settle nothing' },
  ],
  examples: [
    'coda resolve --all --keep both',
    'coda resolve /coda/example.org/usr/jan/paper.tex --keep mine',
  ],
  words: {},

  async run(context, paths, options) {
    const choice = choices.find((each) => each === options.value('keep'));
    if (!choice) throw new UsageError(`--keep takes ${choices.join(', ')}`);
    const isAll = options.flag('all');
    if (isAll === paths.length > 0) throw new UsageError('name objects in conflict, or say --all');
    const found: ConflictReport[] = [];
    for await (const conflict of conflictsAt(context, undefined)) found.push(conflict);
    const objects = isAll ? workplacesOf(found) : await targetsOf(context, paths, found);
    if (options.flag('dry-run')) {
      preview(context, found, objects);
      return;
    }
    const interruptions = new Interruptions();
    await withSignals(interruptions, () => settleAll(context, objects, found, choice, interruptions.over));
  },
};

/** What is inside an object in conflict is settled with it. */
async function targetsOf(
  context: Context,
  paths: readonly string[],
  found: readonly ConflictReport[],
): Promise<readonly string[]> {
  const targets: string[] = [];
  for (const typed of paths) {
    const { path } = await context.target(typed);
    const around = found.find((conflict) => isBelow(path, conflict.path));
    targets.push(around?.path ?? path);
  }
  return [...new Set(targets)];
}

function preview(context: Context, found: readonly ConflictReport[], objects: readonly string[]): void {
  const covered = found.filter(({ path }) =>
    objects.some((object) => path === object || isBelow(path, object)),
  );
  if (context.json) {
    const paths = covered.map(({ path }) => context.userPath(`/coda${path}`));
    context.printJson({ would: paths, failures: [] });
    return;
  }
  for (const conflict of covered)
    context.print(
      `${printable(context.userPath(`/coda${conflict.path}`))}\n  ${explainConflict(conflict)}\n`,
    );
  if (covered.length === 0) context.print('No conflicts.\n');
}
