import { type Call, call } from '../../ipc/call.ts';
import { UnsupportedError, isErrno } from '../../ipc/errors.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';

interface ResolverSwitch {
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly call: Call<string, void>;
  readonly label: string;
}

/** A command that says whether application-specific resolvers may run in a volume. */
export function resolverSwitch({ usage, summary, description, label, ...change }: ResolverSwitch): Command {
  return {
    usage,
    summary,
    description: [description, WITHOUT_RESOLVERS],
    words: { min: 1, max: 1 },

    async run(context, [typed = '']) {
      try {
        const { path } = await context.target(typed);
        await call(await context.pioctls(), change.call, path, typed).catch((error: unknown) => {
          throw withoutResolvers(context, error);
        });
        context.succeed();
      } catch (error) {
        await context.fail(error, label, typed);
      }
      if (context.json) context.printJson({ failures: context.failures });
    },
  };
}

/** For the help of what is about resolvers. */
export const WITHOUT_RESOLVERS =
  'The embedded venus runs no resolvers: what its servers can merge they merge themselves, and the rest waits for repair.';

/** The embedded venus has no resolvers to say anything about; a real one refuses volumes that are not replicated. */
export function withoutResolvers(context: Context, error: unknown): unknown {
  if (!isErrno(error, 'EOPNOTSUPP') || context.address().kind !== 'socket') return error;
  const what = 'Operation not supported: the embedded venus runs no application-specific resolvers';
  const next = 'See what is in conflict, and settle it: coda conflicts';
  return new UnsupportedError(what, { next }, { cause: error });
}
