import { archiveFormats } from '../../cml/archive/entry.ts';
import { call } from '../../ipc/call.ts';
import { getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { purgeLog } from '../../ipc/calls/purgeLog.ts';
import { readStdinLine } from '../../term/prompts.ts';
import { printable } from '../../term/printable.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, UsageError } from '../exitStatus.ts';
import type { VerifiedCheckpoint } from '../verifiedCheckpoint.ts';

export const purgeml: Command = {
  usage: 'cfs purgeml [--yes] [--no-checkpoint] [--format FORMAT] <dir>',
  summary: 'throw away what is not on the servers yet, after a verified copy',
  description: [
    'First a checkpoint is made and verified; without one nothing is thrown away. Then the tool shows what would go, and asks.',
  ],
  options: [
    { flags: '--yes', summary: 'do not ask' },
    { flags: '--no-checkpoint', summary: 'make no copy: what is not on the servers is lost' },
    { flags: '--format <format>', summary: 'of the copy, as in cfs checkpointml', values: archiveFormats },
  ],
  examples: ['cfs purgeml .', 'cfs purgeml --yes /coda/example.org/usr/jan'],
  words: { min: 1, max: 1 },

  async run(context, [typed = ''], options) {
    const { formatOption } = await import('../formatOption.ts');
    const format = formatOption(options, 'format');
    if (format !== undefined && options.flag('no-checkpoint'))
      throw new UsageError('--format is that of the copy, and --no-checkpoint makes none');
    try {
      const { path } = await context.target(typed);
      const { logEntries } = await call(await context.pioctls(), getVolumeStatus, path, true);
      const { copyBeforeLoss } = await import('../copyBeforeLoss.ts');
      const isCopied = logEntries > 0 && !options.flag('no-checkpoint');
      const copy = isCopied ? await copyBeforeLoss(context, path, format) : undefined;
      const question = questionOf(typed, logEntries, copy);
      if (logEntries > 0 && !options.flag('yes') && !agrees(context, question)) {
        context.terminal.err('Nothing was thrown away.\n');
        context.count(ExitStatus.Failed, 0);
      } else {
        await purge(context, path, copy);
        context.succeed();
      }
    } catch (error) {
      await context.fail(error, 'VIOC_PURGEML', typed);
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

function questionOf(typed: string, entries: number, copy: VerifiedCheckpoint | undefined): string {
  const what = copy ? lossOf(copy) : `${entries} entries go, and there is NO copy of them`;
  return `${printable(typed)}: ${printable(what)}.\nThrow them away? [y/N] `;
}

function lossOf({ archive, entries, files, bytes, nothingToArchive }: VerifiedCheckpoint): string {
  return nothingToArchive
    ? `${entries} removals, renames and attribute changes go; they are nothing to archive, and stand as text beside ${archive}`
    : `${entries} entries with ${files} files (${bytes} bytes) go; the copy is ${archive}`;
}

function agrees(context: Context, question: string): boolean {
  context.terminal.err(question);
  const answer = readStdinLine().trim().toLowerCase();
  if (!context.terminal.inIsTerminal) context.terminal.err('\n');
  return answer === 'y' || answer === 'yes';
}

/** The embedded venus throws away exactly what was copied; what came since stays. */
async function purge(context: Context, path: string, copy: VerifiedCheckpoint | undefined): Promise<void> {
  if (copy?.last === undefined || copy.volume === undefined) {
    await purgeAll(context, path, copy);
    return;
  }
  const { emptySchema } = await import('../../ipc/socket/routes.ts');
  const http = await context.http('cfs purgeml');
  const route = `/logs/purge?volume=${copy.volume}&last=${copy.last}`;
  await http.json({ method: 'POST', route }, emptySchema);
}

/** A real venus throws all away: what has come since the copy was made is copied first. */
async function purgeAll(context: Context, path: string, copy: VerifiedCheckpoint | undefined): Promise<void> {
  const { copyBeforeLoss } = await import('../copyBeforeLoss.ts');
  const venus = await context.pioctls();
  for (let latest = copy; latest;) {
    const { logEntries } = await call(venus, getVolumeStatus, path, true);
    if (logEntries <= latest.entries) break;
    latest = await copyBeforeLoss(context, path);
  }
  await call(venus, purgeLog, path);
}
