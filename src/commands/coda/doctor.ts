import { printable } from '../../term/printable.ts';
import { formatDuration } from '../../term/time.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { type LogFacts, diagnose } from './diagnosis.ts';
import { logFacts } from './logFacts.ts';

export const doctor: Command = {
  usage: 'coda doctor [--exit-code] [<path> ...]',
  summary: 'explain why changes are not on the servers, and say what to do',
  description: [
    'Looks at the modify logs of the volumes that the paths lie in, or of all. It changes nothing.',
    'The status is 0 when the report was made. With --exit-code it tells the cause: 4 a token is missing, 5 servers cannot be reached, 6 a conflict, 1 something else.',
  ],
  options: [{ flags: '--exit-code', summary: 'let the exit status tell the cause' }],
  examples: ['coda doctor', 'coda doctor /coda/example.org/usr/jan'],

  async run(context, paths, options) {
    const shown: object[] = [];
    for (const typed of paths.length === 0 ? [undefined] : paths) {
      try {
        for (const facts of await logFacts(context, typed)) {
          shown.push(await report(context, facts, options.flag('exit-code')));
        }
        if (!options.flag('exit-code') || shown.length === 0) context.succeed();
      } catch (error) {
        await context.fail(error, typed ?? 'coda doctor', typed);
      }
    }
    if (context.json) context.printJson({ logs: shown, failures: context.failures });
    else if (shown.length === 0 && context.failures.length === 0)
      context.print('No problems: all changes are on the servers.\n');
  },
};

async function report(context: Context, facts: LogFacts, decides: boolean): Promise<object> {
  const [realm = ''] = await context.realms();
  const { cause, why, next, status } = diagnose(facts, realm, context.surroundings.now());
  if (decides) context.count(status);
  if (!context.json) {
    const where = printable(facts.mount ?? `volume ${facts.name}`);
    context.print(
      `${where}: ${summaryOf(facts, context.surroundings.now())}\n  why:  ${printable(why)}\n  next: ${printable(next)}\n`,
    );
  }
  return { ...facts, cause, why, next };
}

/** How much waits, and for how long. */
export function summaryOf({ entries, bytes, oldest }: LogFacts, now: number): string {
  const changes = entries === 1 ? '1 change is' : `${entries} changes are`;
  const age = oldest === undefined ? '' : `, the oldest ${formatDuration((now - oldest) / 1000)} old`;
  return `${changes} not on the servers (${bytes} bytes${age})`;
}
