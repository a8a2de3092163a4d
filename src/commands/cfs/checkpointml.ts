import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from '../command.ts';
import { UsageError } from '../exitStatus.ts';

export const checkpointml: Command = {
  usage: 'cfs checkpointml [<dir> [<checkpoint-dir>]]',
  summary: 'copy what is not on the servers yet into an archive, and verify it',
  description: [
    'Venus writes the archive and the log as text; the tool then reads both, and says on stderr what they hold.',
    'A checkpoint directory must not be in Coda. The embedded venus takes none: its checkpoints are private.',
  ],
  examples: ['cfs checkpointml .'],
  words: { max: 2 },

  async run(context, [typed = '.', directory]) {
    if (directory !== undefined && !isDirectory(directory))
      throw new UsageError(`${directory} is no directory`);
    const { describeCheckpoint, makeCheckpoint } = await import('../verifiedCheckpoint.ts');
    try {
      const { path } = await context.target(typed);
      const where = directory === undefined ? undefined : resolve(directory);
      const made = await context.waitFor('the checkpoint', makeCheckpoint(context, path, where));
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
