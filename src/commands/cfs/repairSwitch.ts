import { type Call, call } from '../../ipc/call.ts';
import { isErrno } from '../../ipc/errors.ts';
import type { Command } from '../command.ts';

interface RepairSwitch {
  readonly usage: string;
  readonly summary: string;
  readonly description: readonly string[];
  readonly call: Call<void, void>;
  readonly label: string;
}

/** A command that expands one object for repair, or collapses it: silent when it is done. */
export function repairSwitch({ usage, summary, description, label, ...change }: RepairSwitch): Command {
  return {
    usage,
    summary,
    description,
    examples: [usage.replace('<object>', '/coda/example.org/usr/jan/paper.tex')],
    words: { min: 1, max: 1 },

    async run(context, [typed = '']) {
      try {
        const { path } = await context.target(typed);
        await call(await context.pioctls(), change.call, path);
        context.succeed();
      } catch (error) {
        if (isErrno(error, 'EOPNOTSUPP')) context.terminal.err(`${typed} isn't inconsistent\n`);
        await context.fail(error, label, typed);
      }
      if (context.json) context.printJson({ failures: context.failures });
    },
  };
}
