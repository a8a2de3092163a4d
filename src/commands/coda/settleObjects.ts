/** Settling objects in conflict without looking at each change: what `coda resolve` does. */
import { splitPath } from '../../ipc/codaPath.ts';
import { CodaError, isErrno } from '../../ipc/errors.ts';
import type { ConflictReport } from '../../ipc/repairs.ts';
import type { FileTree } from '../../ipc/venus.ts';
import {
  type Committed,
  type LocalSession,
  NotInConflictError,
  RepairError,
  type RepairSession,
} from '../../repair/backend.ts';
import { isBelow, outermost } from '../../repair/conflictList.ts';
import { type Choice, type Resolved, resolveAll } from '../../repair/resolve.ts';
import { mutationText, verdictText } from '../../repair/texts.ts';
import { shellWord } from '../../term/shellWord.ts';
import { printable } from '../../term/printable.ts';
import { InterruptedError } from '../../term/prompts.ts';
import { type Spinner, startSpinner } from '../../term/spinner.ts';
import type { Context } from '../context.ts';
import { openBackend } from '../repair/openBackend.ts';
import type { RepairPlace } from '../repair/repairCommand.ts';
import { ReplacedFiles } from './replacedFiles.ts';

const LABEL = 'coda resolve';
const GOING_ON = 'going on with the commit that was interrupted, as it was decided then';
/** Times that something is decided anew because others were faster. */
const MAX_ATTEMPTS = 3;

/** Some conflicts are left, and why. */
class LeftOverError extends CodaError {
  readonly code = 'conflict';

  constructor(object: string, what: string) {
    super(`${printable(object)}: ${what}`, {
      why: 'It stays in the modify log as it was.',
      next: `Decide by hand: repair ${shellWord(object)}`,
    });
  }
}

/** The servers got something newer between the decisions and the commit. */
class OvertakenError extends LeftOverError {
  constructor(object: string, { verdict }: Extract<Committed, { kind: 'overtaken' }>) {
    super(object, `somebody changed it meanwhile: ${verdictText({ object }, verdict)}`);
  }
}

/** An object that somebody repairs by hand. */
class UnderRepairError extends CodaError {
  readonly code = 'conflict';

  constructor(object: string) {
    super(`${printable(object)} is under repair`, {
      why: 'What was decided or made there by hand would be lost.',
      next: `Go on with it: repair ${shellWord(object)}. To drop it: cfs endrepair ${shellWord(object)}`,
    });
  }
}

/** What is to be settled, and how. */
interface Task {
  readonly object: string;
  readonly choice: Choice;
  readonly over: AbortSignal;
  /** Says how far it is. */
  readonly spinner: Spinner;
  /** Whether one of many objects is settled: then how many of them are counts. */
  readonly isOneOfMany: boolean;
}

/** What became of an object. */
interface Settled {
  readonly shown: string;
  readonly all: readonly Resolved[];
  /** Where copies of the servers' versions are. */
  readonly replaced: string | undefined;
}

/** Settles one object after the other, and tells what became of each. @param found all conflicts that there are @returns the same for JSON */
export async function settleAll(
  context: Context,
  objects: readonly string[],
  found: readonly ConflictReport[],
  choice: Choice,
  over: AbortSignal,
): Promise<readonly object[]> {
  const expanded = new Set(found.filter(({ isExpanded }) => isExpanded).map(({ path }) => path));
  const settled: object[] = [];
  const settleOne = (object: string, spinner: Spinner, isOneOfMany: boolean): Promise<Settled> => {
    if (!expanded.has(object)) return settleAnew(context, { object, choice, over, spinner, isOneOfMany });
    return Promise.reject(new UnderRepairError(context.userPath(`/coda${object}`)));
  };
  for (const object of objects) {
    if (over.aborted) break;
    const below = outermost(found.map(({ path }) => path).filter((path) => isBelow(path, object)));
    const spinner = startSpinner('settling', context.terminal);
    const one = await outcomeOf(() => settleOne(object, spinner, false)).finally(() => spinner.stop());
    const isByItself = 'error' in one && one.error instanceof NotInConflictError && below.length > 0;
    const outcomes = isByItself
      ? await settleEach(context, below, settleOne, over)
      : new Map([[object, one]]);
    settled.push(...(await report(context, outcomes)));
  }
  return settled;
}

type ObjectOutcome = { readonly settled: Settled } | { readonly error: unknown };

async function outcomeOf(work: () => Promise<Settled>): Promise<ObjectOutcome> {
  try {
    return { settled: await work() };
  } catch (error) {
    return { error };
  }
}

/**
 * Settles objects by themselves where venus does not settle a directory above them. One may have to wait for another
 * that is ahead of it in the modify log: it is tried again as long as that gets further.
 */
async function settleEach(
  context: Context,
  objects: readonly string[],
  settleOne: (object: string, spinner: Spinner, isOneOfMany: boolean) => Promise<Settled>,
  over: AbortSignal,
): Promise<ReadonlyMap<string, ObjectOutcome>> {
  const outcomes = new Map<string, ObjectOutcome>();
  const spinner = startSpinner(`settling ${objects.length} objects`, context.terminal);
  let done = 0;
  for (let waiting = objects; waiting.length > 0;) {
    const failed: string[] = [];
    for (const object of waiting) {
      if (over.aborted) break;
      const outcome = await outcomeOf(() => settleOne(object, spinner, true));
      outcomes.set(object, outcome);
      if ('error' in outcome) failed.push(object);
      else done += 1;
      spinner.say(`settling ${done} of ${objects.length} objects`);
    }
    if (over.aborted || failed.length === waiting.length) break;
    waiting = failed;
  }
  spinner.stop();
  return outcomes;
}

/** Tells what became of objects. @returns the same for JSON */
async function report(
  context: Context,
  outcomes: ReadonlyMap<string, ObjectOutcome>,
): Promise<readonly object[]> {
  const documents: object[] = [];
  for (const [object, outcome] of outcomes) {
    if ('error' in outcome) await context.fail(outcome.error, LABEL, context.userPath(`/coda${object}`));
    else {
      const { shown, all, replaced } = outcome.settled;
      if (!context.json) context.print(all.map((each) => textOf({ object: shown }, each)).join(''));
      if (replaced) context.terminal.err(`what was replaced is in ${replaced}\n`);
      await reportLeft(context, shown, all);
      documents.push({ path: shown, mutations: all.map(toJson), replaced });
    }
  }
  return documents;
}

/** Somebody may change something between the decisions and the commit: then it is decided anew. */
async function settleAnew(context: Context, task: Task): Promise<Settled> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await settle(context, task);
    } catch (error) {
      if (!(error instanceof OvertakenError) || attempt === MAX_ATTEMPTS || task.over.aborted) throw error;
    }
  }
}

async function settle(context: Context, task: Task): Promise<Settled> {
  const place = await openBackend(context);
  const session = await beginLocal(context, place, task.object);
  const { isResumed, path, mutations } = await session.document();
  const shown = { object: context.userPath(`/coda${path}`) };
  if (isResumed && session.canAbort) throw new UnderRepairError(shown.object);
  if (isResumed) context.terminal.err(`${printable(shown.object)}: ${GOING_ON}\n`);
  const files = await place.files();
  const { entry } = splitPath(path);
  const replaced = new ReplacedFiles(context.surroundings, files, `${path}/global`, entry);
  const resolved = new Map<number, Resolved>();
  try {
    for (let attempt = 1; ; attempt++) {
      const overtaken = await decideAndCommit(context, session, { ...task, files, replaced, resolved });
      if (!overtaken) break;
      // What was done for good is settled for good: each attempt has less left to decide.
      if (session.canAbort || attempt > mutations.length) throw new OvertakenError(shown.object, overtaken);
    }
  } catch (error) {
    await abort(session);
    throw error;
  }
  return { shown: shown.object, all: [...resolved.values()], replaced: replaced.directory };
}

async function beginLocal(context: Context, { backend }: RepairPlace, object: string): Promise<LocalSession> {
  const session = await backend.begin(object);
  if (session.kind === 'local/global') return session;
  await session.abort();
  const shown = context.userPath(`/coda${object}`);
  throw new RepairError(`${printable(shown)}: the servers differ among each other`, {
    why: 'What they have is compared and repaired, as no local mutation is in conflict.',
    next: `Repair it: repair ${shellWord(shown)}`,
  });
}

interface Settling extends Task {
  readonly files: FileTree;
  readonly replaced: ReplacedFiles;
  /** What became of each mutation, by its number. */
  readonly resolved: Map<number, Resolved>;
}

/** @returns why nothing more was committed */
async function decideAndCommit(
  context: Context,
  session: LocalSession,
  { files, choice, replaced, resolved, over, spinner, isOneOfMany }: Settling,
): Promise<Extract<Committed, { kind: 'overtaken' }> | undefined> {
  const { client, path, mutations } = await session.document();
  const options = {
    session,
    files,
    object: path,
    choice,
    client,
    now: context.surroundings.now(),
    onReplace: (below: string) => replaced.save(below),
  };
  for await (const each of resolveAll(options)) {
    if (over.aborted) throw new InterruptedError();
    resolved.set(each.mutation.sequence, each);
    if (!isOneOfMany) spinner.say(`settling ${resolved.size} of ${mutations.length} changes`);
  }
  const committed = await session.commit();
  return committed.kind === 'overtaken' ? committed : undefined;
}

async function abort(session: RepairSession): Promise<void> {
  try {
    await session.abort();
  } catch (error) {
    // It has ended already, or venus has; in both cases nothing was sent.
    if (!(error instanceof CodaError) || isErrno(error, 'EBUSY')) throw error;
  }
}

async function reportLeft(context: Context, object: string, resolved: readonly Resolved[]): Promise<void> {
  for (const { mutation, obstacle } of resolved) {
    if (!obstacle) continue;
    const what = `${mutationText({ object }, 'local', mutation)}: ${verdictText({ object }, obstacle)}`;
    await context.fail(new LeftOverError(object, what), LABEL, object);
  }
}

function textOf(shown: { readonly object: string }, { mutation, verdict, ...how }: Resolved): string {
  if (verdict.kind === 'no conflict' || how.obstacle) return '';
  const what = mutationText(shown, 'local', mutation);
  if (how.isIdentical) return `same on both sides: ${what}\n`;
  if (how.beside !== undefined) return `kept both: ${what}, as ${printable(how.beside)}\n`;
  return how.decision === 'preserved' ? `kept mine: ${what}\n` : `kept the server's: ${what}\n`;
}

function toJson({ mutation, obstacle, beside, ...rest }: Resolved): object {
  return {
    ...rest,
    mutation: { ...mutation, time: new Date(mutation.time).toISOString() },
    ...(beside === undefined ? {} : { beside }),
    ...(obstacle === undefined ? {} : { obstacle }),
  };
}
