import type { ArchiveError } from '../../../cml/archive/errors.ts';
import { extractArchive } from '../../../cml/extract.ts';
import { SafeTree } from '../../../cml/safeTree.ts';
import { startSpinner } from '../../../term/spinner.ts';
import type { Options } from '../../command.ts';
import type { Context } from '../../context.ts';
import { RescueError, withArchive } from './openArchive.ts';

/** Puts the entries of an archive into a directory of this machine. */
export async function extractInto(
  context: Context,
  archive: string,
  directory: string,
  options: Options,
): Promise<void> {
  const counts = { made: 0, replaced: 0, present: 0, refused: 0 };
  const faults: ArchiveError[] = [];
  const reading = options.flag('keep-going') ? { onFault: (fault: ArchiveError) => faults.push(fault) } : {};
  const spinner = startSpinner('extracting', context.terminal);
  try {
    await withArchive(archive, async (open) => {
      const reader = await open(reading);
      const tree = new SafeTree(directory);
      try {
        const extracting = extractArchive(reader, tree, { force: options.flag('force') });
        for await (const { entry, outcome, why = '' } of extracting) {
          counts[outcome] += 1;
          spinner.say(`extracting, at ${entry.name}`);
          if (outcome === 'refused') await context.fail(new RescueError(why), entry.name);
        }
      } finally {
        tree.close();
      }
    });
    context.succeed();
  } catch (error) {
    await context.fail(error, archive);
  } finally {
    spinner.stop();
  }
  for (const fault of faults) await context.fail(fault, archive);
  if (context.json) context.printJson({ archive, directory, ...counts, failures: context.failures });
  else context.print(summaryOf(directory, counts));
}

function summaryOf(
  directory: string,
  { made, replaced, present, refused }: Readonly<Record<'made' | 'replaced' | 'present' | 'refused', number>>,
): string {
  const parts = [`${made} extracted`];
  if (replaced > 0) parts.push(`${replaced} replaced`);
  if (present > 0) parts.push(`${present} there already`);
  if (refused > 0) parts.push(`${refused} left out`);
  return `${directory}: ${parts.join(', ')}\n`;
}
