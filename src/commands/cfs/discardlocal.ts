import { call } from '../../ipc/call.ts';
import { getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { RepairAction, repairCommand } from '../../ipc/calls/repairCommand.ts';
import { VenusError, isErrno } from '../../ipc/errors.ts';
import { printableLines } from '../../term/printable.ts';
import { readStdinLine } from '../../term/prompts.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { ExitStatus, UsageError } from '../exitStatus.ts';

const LABEL = 'VIOC_REP_CMD(REP_CMD_DISCARD)';

export const discardlocal: Command = {
  usage: 'cfs discardlocal [--yes] <path>',
  summary: 'throw away the first entry of a modify log, which is in conflict, after a verified copy',
  description: [
    'Of the volume that the path lies in. What depends on it stays, and is in conflict itself then. To throw all away: cfs purgeml.',
  ],
  options: [
    { flags: '--yes', summary: 'do not ask; the copy is made all the same' },
    { flags: '--all', summary: 'venus does not do this: cfs purgeml does' },
  ],
  examples: ['cfs discardlocal .'],
  words: { min: 1, max: 1 },

  async run(context, [typed = ''], options) {
    if (options.flag('all')) throw new UsageError('-all: cfs purgeml throws a whole modify log away');
    try {
      const { path } = await context.target(typed);
      // What venus would refuse needs no copy.
      const { conflict } = await call(await context.pioctls(), getVolumeStatus, path, true);
      if (conflict) await showLoss(context, path);
      if (!conflict || options.flag('yes') || agrees(context)) {
        const text = await discardFirst(context, path, conflict);
        context.succeed();
        if (!context.json) context.print(text);
      } else {
        context.terminal.err('Nothing was thrown away.\n');
        context.count(ExitStatus.Failed, 0);
      }
    } catch (error) {
      await context.fail(error, LABEL, typed);
    }
    if (context.json) context.printJson({ failures: context.failures });
  },
};

/** @param conflict whether anything in the log is in conflict */
async function discardFirst(context: Context, path: string, conflict: boolean): Promise<string> {
  try {
    return await call(await context.pioctls(), repairCommand, path, { action: RepairAction.DiscardFirst });
  } catch (error) {
    // Real venus gives no reason, and one errno for both.
    if (!isErrno(error, 'EINVAL')) throw error;
    const why = conflict
      ? 'The first entry of the modify log is not in conflict, and venus discards no other.'
      : 'Nothing in the modify log is in conflict, and venus discards nothing else.';
    const next = 'See what waits: coda pending. To throw all of it away, after a copy: cfs purgeml';
    throw new VenusError(error.errno, { why, next }, { cause: error });
  }
}

/** Shows what would go, and where its copy is. */
async function showLoss(context: Context, path: string): Promise<void> {
  const { copyBeforeLoss } = await import('../copyBeforeLoss.ts');
  await copyBeforeLoss(context, path);
  const head = await call(await context.pioctls(), repairCommand, path, { action: RepairAction.CheckFirst });
  context.terminal.err(`${printableLines(head.trimEnd())}\n`);
}

function agrees(context: Context): boolean {
  context.terminal.err('Throw it away? [y/N] ');
  const answer = readStdinLine().trim().toLowerCase();
  if (!context.terminal.inIsTerminal) context.terminal.err('\n');
  return answer === 'y' || answer === 'yes';
}
