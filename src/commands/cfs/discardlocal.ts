import { call } from '../../ipc/call.ts';
import { RepairAction, repairCommand } from '../../ipc/calls/repairCommand.ts';
import { printable } from '../../term/printable.ts';
import { askRepair } from '../askRepair.ts';
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
    { flags: '--yes', summary: 'do not ask' },
    { flags: '--all', summary: 'venus does not do this: cfs purgeml does' },
  ],
  examples: ['cfs discardlocal .'],
  words: { min: 1, max: 1 },

  async run(context, [typed = ''], options) {
    if (options.flag('all')) throw new UsageError('-all: cfs purgeml throws a whole modify log away');
    try {
      if (options.flag('yes') || (await agrees(context, typed))) {
        const text = await askRepair(context, typed, RepairAction.DiscardFirst, LABEL);
        if (text !== undefined && !context.json) context.print(text);
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

/** Shows what would go, and where its copy is. */
async function agrees(context: Context, typed: string): Promise<boolean> {
  const { path } = await context.target(typed);
  const { describeCheckpoint, makeCheckpoint } = await import('../verifiedCheckpoint.ts');
  const copy = await context.waitFor('the checkpoint', makeCheckpoint(context, path, {}));
  const head = await call(await context.pioctls(), repairCommand, path, { action: RepairAction.CheckFirst });
  context.terminal.err(`${describeCheckpoint(copy)}\n${printable(head.trimEnd()).replace(/\\n/g, '\n')}\n`);
  const { readStdinLine } = await import('../../term/prompts.ts');
  context.terminal.err('Throw it away? [y/N] ');
  const answer = readStdinLine().trim().toLowerCase();
  if (!context.terminal.inIsTerminal) context.terminal.err('\n');
  return answer === 'y' || answer === 'yes';
}
