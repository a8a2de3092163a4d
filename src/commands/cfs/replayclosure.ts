import { rmSync } from 'node:fs';
import type { Command } from '../command.ts';
import type { Closure } from '../closures.ts';
import type { Context } from '../context.ts';
import { yesOption } from '../danger.ts';

export const replayclosure: Command = {
  usage: 'cfs replayclosure [-i] [-r] [<closure> <closure> ...]',
  summary: 'put the files of archives of checkpoints back, those of your unsent work if none is named',
  description: [
    'A closure is the archive of a checkpoint. Its files go below the root of its volume, which the log beside it tells. What is the ' +
      'same there is passed over, about what differs it asks, and at the end all is compared. coda rescue replay takes any other place.',
  ],
  options: [
    { flags: '-i', summary: 'ask about each thing that differs, also with --yes' },
    { flags: '-r', summary: 'remove the archive and its log once all of it is in Coda' },
    { ...yesOption, summary: 'replace what differs without asking' },
  ],
  examples: ['cfs rc -r', 'cfs rc ~/example.org_u.jan.tar'],

  async run(context, named, options) {
    const { closuresToLookAt, findClosure } = await import('../closures.ts');
    const yes = options.flag('yes') && !options.flag('i');
    const replayed: object[] = [];
    for (const archive of await closuresToLookAt(context, named)) {
      try {
        const closure = await findClosure(context, archive);
        const { counts, isWhole } = await replay(context, closure, yes);
        replayed.push({ ...closure, ...counts });
        if (isWhole && options.flag('r')) await remove(archive);
      } catch (error) {
        await context.fail(error, archive);
      }
    }
    if (context.json) context.printJson({ closures: replayed, failures: context.failures });
  },
};

/** @returns also whether Coda has all of it now */
async function replay(context: Context, { archive, volume, path }: Closure, yes: boolean) {
  const { replayArchive, summaryOf } = await import('../coda/rescue/replay.ts');
  if (!context.json) context.print(`\nReplaying closure ${volume} @ ${path}\n\n`);
  const before = context.failures.length;
  const counts = await replayArchive(context, archive, path, yes);
  if (!context.json) context.print(summaryOf(path, counts));
  return { counts, isWhole: context.failures.length === before };
}

async function remove(archive: string): Promise<void> {
  const { logPathOf } = await import('../../cml/checkpointNames.ts');
  const log = logPathOf(archive);
  rmSync(archive);
  if (log !== undefined) rmSync(log, { force: true });
}
