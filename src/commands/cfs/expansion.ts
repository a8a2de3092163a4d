import { type Call, call } from '../../ipc/call.ts';
import type { Command } from '../command.ts';
import { forEachPath } from '../eachPath.ts';

interface Expansion {
  readonly usage: string;
  readonly summary: string;
  readonly call: Call<void, void>;
  readonly label: string;
}

/** A command that expands objects, or collapses them. */
export function expansion({ usage, summary, label, ...change }: Expansion): Command {
  return {
    usage,
    summary,
    description: ['In a volume with one server, only objects in conflict have versions to look at.'],
    words: { min: 1 },
    classicFailure: 0,

    async run(context, paths) {
      const venus = await context.pioctls();
      await forEachPath(context, paths, {
        ask: ({ path }) => call(venus, change.call, path),
        print: () => undefined,
        label,
        echo: (typed) => {
          if (paths.length > 1 && !context.json) context.print(`${typed}\n`);
        },
      });
      if (context.json) context.printJson({ failures: context.failures });
    },
  };
}
