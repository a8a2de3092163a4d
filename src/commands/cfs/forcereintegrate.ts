import { type Pioctls, ROOT, call } from '../../ipc/call.ts';
import { forceReintegration } from '../../ipc/calls/forceReintegration.ts';
import { forceReintegrationAll } from '../../ipc/calls/forceReintegrationAll.ts';
import { ConnectionState, type VolumeReport, getVolumeStatus } from '../../ipc/calls/getVolumeStatus.ts';
import { CodaError, TimeLimitError } from '../../ipc/errors.ts';
import { writeError } from '../../term/errorMessage.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { REQUESTS, echoed } from '../eachPath.ts';
import type { Finding } from '../coda/finding.ts';
import { ExitStatus } from '../exitStatus.ts';
import { inFlight } from '../inFlight.ts';

export const forcereintegrate: Command = {
  usage: 'cfs forcereintegrate [<dir> <dir> <dir> ...]',
  summary: 'send changes to the servers now, and tell what is left',
  description: [
    'For the volumes that the directories lie in. Without a directory the logs of all volumes are sent, and venus does ' +
      'not tell what came of it.',
  ],
  examples: ['cfs fr .', 'cfs fr --timeout 10m /coda/example.org/usr/jan'],
  classicFailure: 0,

  async run(context, paths) {
    if (paths.length === 0) await sendAll(context);
    else await sendEach(context, paths);
  },
};

async function sendAll(context: Context): Promise<void> {
  const venus = await context.pioctls();
  try {
    await call(venus, forceReintegrationAll, ROOT);
    context.succeed();
    // Venus answers the same whatever the outcome: silence would be taken for success.
    context.note('venus was asked to send all logs; to see what is left: coda pending');
  } catch (error) {
    // The one failure of cfs that has this status (spec/cfs.md, 1.3).
    await context.fail(error, 'VIOC_SYNCCACHE_ALL', undefined, 1);
  }
  if (context.json) context.printJson({ volumes: [], failures: context.failures });
}

async function sendEach(context: Context, paths: readonly string[]): Promise<void> {
  const venus = await context.pioctls();
  const echo = echoed(context, paths, ':  ');
  const shown: object[] = [];
  for await (const outcome of inFlight(paths, REQUESTS, (typed) => send(context, venus, typed))) {
    if (!outcome.ok) throw outcome.error;
    const { item: typed, result } = outcome;
    echo(typed);
    if (!result.done) {
      await context.fail(result.error, result.step, typed);
      // The C tool's second line says nothing more to a person.
      if (!context.terminal.errIsTerminal) context.terminal.err(`  ${result.step} returns -1\n`);
      continue;
    }
    const { report } = result;
    if (context.json) shown.push({ path: typed, ...toJson(report) });
    else context.print(formatOutcome(report));
    if (report.logEntries === 0) context.succeed();
    else await reportWhatIsLeft(context, typed, report);
  }
  if (context.json) context.printJson({ volumes: shown, failures: context.failures });
}

/** How far it came with one path. */
type Sent =
  | { readonly done: true; readonly report: VolumeReport }
  | { readonly done: false; readonly step: string; readonly error: unknown };

async function send(context: Context, venus: Pioctls, typed: string): Promise<Sent> {
  let step = 'VIOC_SYNCCACHE';
  try {
    const { path } = await context.target(typed);
    await call(venus, forceReintegration, path);
    step = 'VIOC_GETVOLSTAT';
    return { done: true, report: await call(venus, getVolumeStatus, path, undefined) };
  } catch (error) {
    return { done: false, step, error: stillSending(error, typed) };
  }
}

/** What takes longer than the limit goes on all the same. */
function stillSending(error: unknown, typed: string): unknown {
  if (!(error instanceof TimeLimitError)) return error;
  return new TimeLimitError(
    error.message,
    {
      why: 'The log is still being sent, or the volume is busy.',
      next: `Wait until all of it is out: coda pending --wait ${typed}`,
    },
    { cause: error },
  );
}

/** spec/cfs.md, 6.6. */
function formatOutcome({ name, logEntries, conflict }: VolumeReport): string {
  if (logEntries === 0) return `Modifications to ${name} reintegrated to server\n`;
  const left = `${logEntries} CML entries remaining for volume ${name}\n`;
  return conflict ? `${left}Reintegration failed due to a conflict\n` : left;
}

function toJson({ name, logEntries, logBytes, conflict, connection }: VolumeReport): object {
  return { name, logEntries, logBytes, conflict, reachable: connection !== ConnectionState.Unreachable };
}

/** The C tool ends with 0 although nothing may have been sent. */
async function reportWhatIsLeft(context: Context, typed: string, report: VolumeReport): Promise<void> {
  const { why, next, status } = await reasonFor(context, typed, report);
  const entries = report.logEntries === 1 ? 'entry of the modify log is' : 'entries of the modify log are';
  const message = `${report.logEntries} ${entries} not on the servers`;
  const doctor = `coda doctor ${typed}`;
  await writeError(context.terminal, {
    what: `${typed}: ${message}${context.terminal.errIsTerminal ? '' : `; to see why: ${doctor}`}`,
    why,
    next,
  });
  context.failures.push({ path: typed, message });
  context.count(status, 0);
}

/** What keeps the log; nothing where venus does not tell, or where the log has gone meanwhile. */
async function findingAt(context: Context, typed: string): Promise<Finding | undefined> {
  if (!context.isEmbedded()) return undefined;
  try {
    const { diagnoseAt } = await import('../coda/diagnoseAt.ts');
    return (await diagnoseAt(context, typed))[0];
  } catch (error) {
    if (error instanceof CodaError) return undefined;
    throw error;
  }
}

type Reason = Pick<Finding, 'why' | 'next' | 'status'>;

/** What the embedded venus knows, in the words of doctor; of a mounted Coda what the count tells. */
async function reasonFor(context: Context, typed: string, report: VolumeReport): Promise<Reason> {
  const next = `See what holds them up: coda doctor ${typed}`;
  const finding = await findingAt(context, typed);
  if (finding) return finding;
  const unreachable = report.connection === ConnectionState.Unreachable;
  const status = report.conflict
    ? ExitStatus.Conflict
    : unreachable
      ? ExitStatus.Unreachable
      : ExitStatus.Failed;
  return { why: whyLeft(report, unreachable), next, status };
}

function whyLeft({ conflict }: VolumeReport, unreachable: boolean): string {
  if (conflict) return 'An entry is in conflict with what is on the servers, and the others wait behind it.';
  if (unreachable) return 'The servers of the volume cannot be reached; the changes are safe here meanwhile.';
  return 'Venus does not say. Often the owner of the log has no valid token.';
}
