import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { archiveFormats } from '../../cml/archive/entry.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../exitStatus.ts';

export const checkpointml: Command = {
  usage: 'cfs checkpointml [--format FORMAT] [<dir> [<checkpoint-dir>]]',
  summary: 'copy what is not on the servers yet into an archive, and verify it',
  description: [
    'Venus writes the archive and the log as text; the tool then reads both, and says on stderr what they hold.',
    'A checkpoint directory must not be in Coda. The embedded venus takes none: its checkpoints are private.',
  ],
  options: [
    {
      flags: '--format <format>',
      summary: 'of the embedded venus: pax, or newc, odc, ustar or tar, which have limits (default its own)',
      values: archiveFormats,
    },
  ],
  examples: ['cfs checkpointml .', 'cfs checkpointml --format newc .'],
  words: { max: 2 },

  async run(context, [typed = '.', directory], options) {
    if (directory !== undefined && !isDirectory(directory))
      throw new UsageError(`${directory} is no directory`);
    const { describeCheckpoint, makeCheckpoint } = await import('../verifiedCheckpoint.ts');
    const { formatOption } = await import('../formatOption.ts');
    const format = formatOption(options, 'format');
    try {
      const { path } = await context.target(typed);
      const where = directory === undefined ? undefined : resolve(directory);
      const making = makeCheckpoint(context, path, { directory: where, format });
      const made = await context.waitFor('the checkpoint', making);
      context.terminal.err(`${describeCheckpoint(made)}\n`);
      if (context.json) context.printJson({ ...made, failures: context.failures });
      context.succeed();
    } catch (error) {
      await context.fail(error, 'VIOC_CHECKPOINTML', typed);
      if (context.json) context.printJson({ failures: context.failures });
    }
  },
};

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
