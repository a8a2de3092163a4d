/** The two ways to type commands: line by line, and in a script. Both end with the object collapsed, whatever happens. */
import { CodaError, VenusUnavailableError } from '../ipc/errors.ts';
import { InterruptedError } from '../term/prompts.ts';
import type { Outcome } from './commandDefinition.ts';
import type { Interruptions } from './interruptions.ts';
import { type LastValues, performLine } from './performLine.ts';
import type { RepairRun } from './repairRun.ts';

export const PROMPT = '* ';
const LABEL = 'repair';

export const INTRODUCTION = `repair settles conflicts between what you did at this client and what the servers have,
and of the servers among each other. Begin with beginRepair: it shows an object in
conflict as a directory, with the versions as its children, and says which commands
settle the conflict. Each of your changes is then preserved or discarded:
preserveLocal, discardLocal; nothing of that is sent before quit asks you. Servers
that differ are compared and made the same: compareDirs, doRepair; that takes effect
at once. ls, cat, diff and show help to decide. help lists the commands, help COMMAND
explains one.
`;

/** What a run ended with. */
export interface Ending {
  /** Something failed that nobody made good since. */
  readonly failure: unknown;
  readonly isInterrupted: boolean;
}

/** Where lines come from. */
export interface LineSource {
  /** @returns undefined at the end @throws InterruptedError */
  next(prompt: string): Promise<string | undefined>;
}

/** Performs lines until the end, and leaves. A failure is reported and does not end it. */
export async function converse(
  run: RepairRun,
  lines: LineSource,
  interruptions: Interruptions,
  first?: string,
): Promise<Ending> {
  const last: LastValues = new Map();
  let failure: unknown;
  const perform = async (line: string): Promise<Outcome | undefined> => {
    try {
      const outcome = await interruptions.during((signal) => performLine(run, line, last, signal));
      if (outcome === 'failed') failure = true;
      if (run.standing === 'settled') failure = undefined;
      return outcome;
    } catch (error) {
      if (!(error instanceof CodaError) || error instanceof InterruptedError) throw error;
      failure = error;
      await run.conversation.report(error, LABEL);
      // Nothing more can be asked of a venus that is gone.
      return error instanceof VenusUnavailableError && run.hasObject ? 'end' : 'failed';
    }
  };
  const isInterrupted = await leaving(run, async () => {
    for (let line = first; ; line = undefined) {
      const typed = line ?? (await lines.next(PROMPT));
      if (typed === undefined) return;
      const wasOfServers = run.isOfServers;
      const outcome = await perform(typed);
      if (outcome === 'end') return;
      if (interruptions.over.aborted) throw new InterruptedError();
      // As each of the two dialogues is known: only that of local mutations has empty lines in it.
      const isOfServers = wasOfServers || run.isOfServers;
      if (outcome !== undefined && !isOfServers) run.conversation.print('\n');
    }
  });
  return { failure, isInterrupted };
}

/** A line of a script failed. */
export class ScriptError extends CodaError {
  readonly code = 'script';
  override readonly unlabelled = true;
}

/** Performs the lines of a script up to the first that fails. Lines that begin with # are comments. */
export async function runScript(
  run: RepairRun,
  name: string,
  lines: AsyncIterable<string>,
  interruptions: Interruptions,
  first?: string,
): Promise<Ending> {
  const last: LastValues = new Map();
  let failure: unknown;
  const perform = async (line: string, place: string): Promise<boolean> => {
    try {
      const outcome = await interruptions.during((signal) => performLine(run, line, last, signal));
      if (outcome !== 'failed') return outcome !== 'end';
      failure = new ScriptError(`${place}: failed, nothing behind it was done`);
    } catch (error) {
      if (!(error instanceof CodaError) || error instanceof InterruptedError) throw error;
      failure = atPlace(error, place);
    }
    await run.conversation.report(failure, LABEL);
    return false;
  };
  const isInterrupted = await leaving(run, async () => {
    if (first !== undefined && !(await perform(first, name))) return;
    let number = 0;
    for await (const line of lines) {
      number += 1;
      if (line.trimStart().startsWith('#')) continue;
      if (!(await perform(line, `${name}:${number}`))) return;
      if (interruptions.over.aborted) throw new InterruptedError();
    }
    if (!run.hasObject) return;
    failure = new ScriptError(`${name}: ended without quit, so nothing is committed`, {
      next: 'Let the script end in quit, which commits, or in abort.',
    });
    await run.conversation.report(failure, LABEL);
  });
  return { failure, isInterrupted };
}

function atPlace(error: CodaError, place: string): CodaError {
  const advice = {
    ...(error.why === undefined ? {} : { why: error.why }),
    ...(error.next === undefined ? {} : { next: error.next }),
  };
  return new ScriptError(`${place}: ${error.message}`, advice, { cause: error });
}

/**
 * Does some work and leaves the session that it left open.
 * @returns whether somebody interrupted it @throws what the work threw
 */
async function leaving(run: RepairRun, work: () => Promise<void>): Promise<boolean> {
  let isInterrupted = false;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    isInterrupted = true;
  } finally {
    await leaveAndReport(run);
  }
  return isInterrupted;
}

async function leaveAndReport(run: RepairRun): Promise<void> {
  try {
    await run.leave();
  } catch (error) {
    await run.conversation.report(error, LABEL);
  }
}
