import { splitPath } from '../../ipc/codaPath.ts';
import { CodaError, isErrno } from '../../ipc/errors.ts';
import type { ConflictReport } from '../../ipc/repairs.ts';
import type { FileTree } from '../../ipc/venus.ts';
import { type Committed, NotInConflictError, type RepairSession } from '../../repair/backend.ts';
import { explainConflict, isBelow, outermost, workplacesOf } from '../../repair/conflictList.ts';
import { Interruptions } from '../../repair/interruptions.ts';
import { type Choice, type Resolved, choices, resolveAll } from '../../repair/resolve.ts';
import { mutationText, verdictText } from '../../repair/texts.ts';
import { shellWord } from '../../term/shellWord.ts';
import { printable } from '../../term/printable.ts';
import { InterruptedError } from '../../term/prompts.ts';
import { startSpinner } from '../../term/spinner.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';
import { openBackend } from '../repair/openBackend.ts';
import { withSignals } from '../repair/signals.ts';
import { conflictsAt } from './conflicts.ts';
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

export const resolve: Command = {
  usage: 'coda resolve (<path> ... | --all) --keep mine|server|both|newest [--dry-run]',
  summary: 'settle conflicts without looking at each change',
  description: [
    'mine: what you did wins. server: what the servers have stays, and what you did goes where that is in its way. both: your version is kept beside that of the servers, under a name that says host and day. newest: the later of both.',
    'What both sides did alike settles itself. What cannot be settled stays in the modify log, and does not stop the rest. A version of the servers that is replaced is first saved below $XDG_STATE_HOME/coda/replaced.',
  ],
  options: [
    { flags: '--all', summary: 'all conflicts that there are' },
    { flags: '--keep <whose>', summary: 'mine, server, both or newest' },
    { flags: '--dry-run', summary: 'say what is in conflict, and settle nothing' },
  ],
  examples: [
    'coda resolve --all --keep both',
    'coda resolve /coda/example.org/usr/jan/paper.tex --keep mine',
  ],
  words: {},

  async run(context, paths, options) {
    const choice = choices.find((each) => each === options.value('keep'));
    if (!choice) throw new UsageError(`--keep takes ${choices.join(', ')}`);
    const isAll = options.flag('all');
    if (isAll === paths.length > 0) throw new UsageError('name objects in conflict, or say --all');
    const found: ConflictReport[] = [];
    for await (const conflict of conflictsAt(context, undefined)) found.push(conflict);
    const objects = isAll ? workplacesOf(found) : await targetsOf(context, paths, found);
    if (options.flag('dry-run')) {
      preview(context, found, objects);
      return;
    }
    const interruptions = new Interruptions();
    await withSignals(interruptions, () => settleAll(context, objects, found, choice, interruptions.over));
  },
};

/** Settles one object after the other. @param found all conflicts that there are */
async function settleAll(
  context: Context,
  objects: readonly string[],
  found: readonly ConflictReport[],
  choice: Choice,
  over: AbortSignal,
): Promise<void> {
  const expanded = new Set(found.filter(({ isExpanded }) => isExpanded).map(({ path }) => path));
  const settled: object[] = [];
  const settleOne = async (object: string): Promise<void> => {
    if (expanded.has(object)) throw new UnderRepairError(context.userPath(`/coda${object}`));
    settled.push(await settleAnew(context, object, choice, over));
  };
  for (const object of objects) {
    if (over.aborted) break;
    const below = outermost(found.map(({ path }) => path).filter((path) => isBelow(path, object)));
    try {
      await settleOne(object);
    } catch (error) {
      if (error instanceof NotInConflictError && below.length > 0)
        await settleEach(context, below, settleOne, over);
      else await context.fail(error, LABEL, context.userPath(`/coda${object}`));
    }
  }
  if (context.json) context.printJson({ settled, failures: context.failures });
  else if (objects.length === 0) context.print('No conflicts.\n');
}

/**
 * Settles objects by themselves where venus does not settle a directory above them. One may have to wait for another
 * that is ahead of it in the modify log: it is tried again as long as that gets further.
 */
async function settleEach(
  context: Context,
  objects: readonly string[],
  settleOne: (object: string) => Promise<void>,
  over: AbortSignal,
): Promise<void> {
  for (let waiting = objects; waiting.length > 0;) {
    const failed = new Map<string, unknown>();
    for (const object of waiting) {
      if (over.aborted) return;
      await settleOne(object).catch((error: unknown) => failed.set(object, error));
    }
    if (failed.size === waiting.length) {
      for (const [object, error] of failed)
        await context.fail(error, LABEL, context.userPath(`/coda${object}`));
      return;
    }
    waiting = [...failed.keys()];
  }
}

/** Somebody may change something between the decisions and the commit: then it is decided anew. */
async function settleAnew(
  context: Context,
  object: string,
  choice: Choice,
  over: AbortSignal,
): Promise<object> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await settle(context, object, choice, over);
    } catch (error) {
      if (!(error instanceof OvertakenError) || attempt === MAX_ATTEMPTS || over.aborted) throw error;
    }
  }
}

/** What is inside an object in conflict is settled with it. */
async function targetsOf(
  context: Context,
  paths: readonly string[],
  found: readonly ConflictReport[],
): Promise<readonly string[]> {
  const targets: string[] = [];
  for (const typed of paths) {
    const { path } = await context.target(typed);
    const around = found.find((conflict) => isBelow(path, conflict.path));
    targets.push(around?.path ?? path);
  }
  return [...new Set(targets)];
}

function preview(context: Context, found: readonly ConflictReport[], objects: readonly string[]): void {
  const covered = found.filter(({ path }) =>
    objects.some((object) => path === object || isBelow(path, object)),
  );
  if (context.json) {
    const paths = covered.map(({ path }) => context.userPath(`/coda${path}`));
    context.printJson({ would: paths, failures: [] });
    return;
  }
  for (const conflict of covered)
    context.print(
      `${printable(context.userPath(`/coda${conflict.path}`))}\n  ${explainConflict(conflict)}\n`,
    );
  if (covered.length === 0) context.print('No conflicts.\n');
}

async function settle(context: Context, object: string, choice: Choice, over: AbortSignal): Promise<object> {
  const place = await openBackend(context);
  const session = await place.backend.begin(object);
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
      const overtaken = await decideAndCommit(context, session, { files, choice, replaced, resolved, over });
      if (!overtaken) break;
      // What was done for good is settled for good: each attempt has less left to decide.
      if (session.canAbort || attempt > mutations.length) throw new OvertakenError(shown.object, overtaken);
    }
  } catch (error) {
    await abort(session);
    throw error;
  }
  const all = [...resolved.values()];
  if (!context.json) context.print(all.map((each) => textOf(shown, each)).join(''));
  if (replaced.directory) context.terminal.err(`what was replaced is in ${replaced.directory}\n`);
  await reportLeft(context, shown.object, all);
  return { path: shown.object, mutations: all.map(toJson), replaced: replaced.directory };
}

interface Settling {
  readonly files: FileTree;
  readonly choice: Choice;
  readonly replaced: ReplacedFiles;
  /** What became of each mutation, by its number. */
  readonly resolved: Map<number, Resolved>;
  readonly over: AbortSignal;
}

/** @returns why nothing more was committed */
async function decideAndCommit(
  context: Context,
  session: RepairSession,
  { files, choice, replaced, resolved, over }: Settling,
): Promise<Extract<Committed, { kind: 'overtaken' }> | undefined> {
  const { client, path, mutations } = await session.document();
  const spinner = startSpinner(`settling ${mutations.length} changes`, context.terminal);
  try {
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
      spinner.say(`settling ${resolved.size} of ${mutations.length} changes`);
    }
    const committed = await session.commit();
    return committed.kind === 'overtaken' ? committed : undefined;
  } finally {
    spinner.stop();
  }
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
