import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { noOptions } from '../words.ts';

export const examineclosure: Command = {
  usage: 'cfs ec [-c] [<closure> <closure> ...]',
  summary: 'list what archives of checkpoints hold, those of your unsent work if none is named',
  description: [
    'A closure is the archive of a checkpoint, as cfs checkpointml and venus itself write it. Each is listed below the name of its volume and ' +
      'where it is mounted, which the log beside it tells. coda rescue does more with them.',
  ],
  options: [{ flags: '-c', summary: 'only what Coda does not have as it is in the archive' }],
  examples: ['cfs ec', 'cfs ec -c /usr/coda/spool/501/example.org_u.jan.cpio'],

  async run(context, named, options) {
    const { closuresToLookAt } = await import('../closures.ts');
    const examine = options.flag('c') ? listDifferences : listAll;
    for (const archive of await closuresToLookAt(context, named)) await examine(context, archive);
  },
};

async function listAll(context: Context, archive: string): Promise<void> {
  const { findClosure, volumeInName } = await import('../closures.ts');
  const { listMembers } = await import('../coda/rescue/members.ts');
  // What it holds can be told without Coda.
  const found = await findClosure(context, archive).catch(() => undefined);
  printTitle(context, archive, found ?? { volume: volumeInName(archive), path: '???' });
  await listMembers(context, archive, noOptions);
}

async function listDifferences(context: Context, archive: string): Promise<void> {
  const { findClosure } = await import('../closures.ts');
  const { withArchive } = await import('../coda/rescue/openArchive.ts');
  const { MemberPrinter } = await import('../coda/rescue/members.ts');
  const { Replay } = await import('../../cml/replay.ts');
  const printer = new MemberPrinter(context);
  try {
    const closure = await findClosure(context, archive);
    await withArchive(archive, async (open) => {
      const files = await context.files();
      const { path: root } = await files.resolve((await context.target(closure.path)).path);
      const replay = new Replay({ files, root });
      printTitle(context, archive, closure);
      for await (const { entry, error } of replay.compare(await open(), new Set())) {
        if (error) await context.fail(error, entry.name);
        else printer.print(entry);
      }
    });
    context.succeed();
  } catch (error) {
    await context.fail(error, archive);
  }
  printer.flush();
}

function printTitle(
  context: Context,
  archive: string,
  { volume, path }: { readonly volume: string; readonly path: string },
): void {
  if (context.json) context.printJsonLine({ closure: archive, volume, path });
  else context.print(`\nExamining closure ${volume} @ ${path}\n\n`);
}
