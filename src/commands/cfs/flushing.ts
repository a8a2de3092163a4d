import { type Call, call } from '../../ipc/call.ts';
import { CodaError, isErrno } from '../../ipc/errors.ts';
import { shellWord } from '../../term/shellWord.ts';
import type { Command } from '../command.ts';
import { dares, yesOption } from '../danger.ts';
import { echoed, forEachPath } from '../eachPath.ts';

interface Flushing {
  readonly usage: string;
  readonly summary: string;
  readonly description: readonly string[];
  readonly examples: readonly string[];
  /** Why the C tool asks first. */
  readonly danger: string;
  readonly call: Call<void, void>;
  readonly label: string;
}

/** What is in use, or not on the servers yet, is not dropped. */
class ActiveError extends CodaError {
  readonly code = 'active';
  override readonly unlabelled = true;

  constructor(typed: string, cause: unknown) {
    super(
      "Can't flush active file",
      {
        why: `${typed}, or something below it, is in use or has changes that are not on the servers yet. Those are never dropped.`,
        next: `See what waits: cfs listlocal ${shellWord(typed)}`,
      },
      { cause },
    );
  }
}

/** A command that drops what is cached of objects or volumes. */
export function flushing({ usage, summary, description, examples, ...flush }: Flushing): Command {
  return {
    usage,
    summary,
    description,
    options: [yesOption],
    examples,
    words: { min: 1 },
    classicFailure: 0,

    async run(context, paths, options) {
      if (dares(context, flush.danger, options)) {
        const venus = await context.pioctls();
        await forEachPath(context, paths, {
          // What is below something goes with it, and a path leads through what is above: one after the other.
          atATime: 1,
          ask: ({ typed, path }) =>
            call(venus, flush.call, path).catch((error: unknown) => {
              throw isErrno(error, 'EMFILE') ? new ActiveError(typed, error) : error;
            }),
          print: () => {
            if (paths.length > 1 && !context.json) context.print('\n');
          },
          label: flush.label,
          echo: echoed(context, paths, '  '),
        });
      }
      if (context.json) context.printJson({ failures: context.failures });
    },
  };
}
