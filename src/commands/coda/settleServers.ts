/** Settling what servers could not merge: the half of `coda resolve` that is about server/server conflicts. */
import { CodaError } from '../../ipc/errors.ts';
import type { ServerConflict } from '../../ipc/repairs.ts';
import type { ServerSession } from '../../repair/backend.ts';
import { isBelow } from '../../repair/conflictList.ts';
import type { ReplicaKeep } from '../../repair/replicas/keepDecisions.ts';
import { printable } from '../../term/printable.ts';
import { InterruptedError } from '../../term/prompts.ts';
import { shellWord } from '../../term/shellWord.ts';
import { type Spinner, startSpinner } from '../../term/spinner.ts';
import type { Context } from '../context.ts';
import { keptJson, keptText } from '../repair/keptText.ts';
import { openBackend } from '../repair/openBackend.ts';
import { LeftOverError, type SettledObject, settleReplicas } from '../repair/settleReplicas.ts';
import { conflictsAt } from './conflicts.ts';

const LABEL = 'coda resolve';
/** Repairs of one object: each may bring others into conflict, but none for ever. */
const MAX_REPAIRS = 8;

/**
 * Settles conflicts, those deepest in the tree first: but what lies below another conflict is seen only when that is settled, so
 * that after each round the list is made anew. One failure does not stop the rest.
 * @param isWanted which conflicts are meant
 * @returns the documents for JSON
 */
export async function settleServers(
  context: Context,
  isWanted: (conflict: ServerConflict) => boolean,
  keep: ReplicaKeep,
  over: AbortSignal,
): Promise<readonly object[]> {
  const documents: object[] = [];
  const repairs = new Map<string, number>();
  for (;;) {
    const wanted = (await serverConflicts(context)).filter(isWanted);
    const ready = wanted.filter(({ path, fid }) => {
      const isHidden = wanted.some((other) => isBelow(path, other.path));
      return !isHidden && (repairs.get(fid) ?? 0) < MAX_REPAIRS;
    });
    const failures = new Map<string, unknown>();
    for (const conflict of ready.sort((one, other) => depthOf(other) - depthOf(one))) {
      if (over.aborted) return documents;
      try {
        const settled = await settleOne(context, conflict, keep, over);
        repairs.set(conflict.fid, (repairs.get(conflict.fid) ?? 0) + 1);
        documents.push(tell(context, settled));
      } catch (error) {
        failures.set(conflict.path, error);
      }
    }
    if (failures.size < ready.length) continue;
    await reportLeft(context, wanted, failures);
    return documents;
  }
}

export async function serverConflicts(context: Context): Promise<readonly ServerConflict[]> {
  const found: ServerConflict[] = [];
  for await (const conflict of conflictsAt(context, undefined))
    if (conflict.kind === 'server/server') found.push(conflict);
  return found;
}

function depthOf({ path }: ServerConflict): number {
  return path.split('/').length;
}

/** What nobody got to lies below a conflict that stays, or comes back again and again. */
async function reportLeft(
  context: Context,
  left: readonly ServerConflict[],
  failures: ReadonlyMap<string, unknown>,
): Promise<void> {
  for (const { path } of left) {
    const shown = context.userPath(`/coda${path}`);
    const above = left.find((other) => isBelow(path, other.path));
    const why =
      above === undefined
        ? `It came into conflict again after ${MAX_REPAIRS} repairs.`
        : `It lies below ${printable(context.userPath(`/coda${above.path}`))}, which is in conflict itself.`;
    const error =
      failures.get(path) ??
      new LeftOverError(`${printable(shown)}: stays in conflict`, {
        why,
        next: `Repair it by hand: repair ${shellWord(shown)}`,
      });
    await context.fail(error, LABEL, shown);
  }
}

function tell(context: Context, settled: SettledObject): object {
  if (!context.json) context.print(keptText(settled, context.surroundings.now()));
  if (settled.replaced) context.terminal.err(`what was replaced is in ${settled.replaced}\n`);
  return keptJson(settled);
}

async function settleOne(
  context: Context,
  conflict: ServerConflict,
  keep: ReplicaKeep,
  over: AbortSignal,
): Promise<SettledObject> {
  const shown = context.userPath(`/coda${conflict.path}`);
  const spinner = startSpinner(`settling ${printable(shown)}`, context.terminal);
  try {
    return await settleInSession(context, conflict, keep, over, spinner);
  } finally {
    spinner.stop();
  }
}

async function settleInSession(
  context: Context,
  conflict: ServerConflict,
  keep: ReplicaKeep,
  over: AbortSignal,
  spinner: Spinner,
): Promise<SettledObject> {
  const shown = context.userPath(`/coda${conflict.path}`);
  if (conflict.isExpanded) throw underRepair(shown);
  const place = await openBackend(context);
  const session = await place.backend.begin(conflict.path);
  if (session.kind !== 'server/server') {
    await session.abort();
    throw new LeftOverError(`${printable(shown)}: the servers agree by now`, { next: 'Try again.' });
  }
  try {
    const { isResumed } = await session.document();
    if (isResumed) throw underRepair(shown);
    const settled = await settleReplicas({
      context,
      session,
      files: await place.files(),
      keep,
      over,
      conflict,
    });
    spinner.stop();
    return settled;
  } catch (error) {
    await collapse(session);
    throw over.aborted ? new InterruptedError() : error;
  }
}

function underRepair(shown: string): LeftOverError {
  return new LeftOverError(`${printable(shown)} is under repair`, {
    why: 'Somebody looks at the versions of its servers.',
    next: `Go on with that: repair ${shellWord(shown)}. To end it: cfs endrepair ${shellWord(shown)}`,
  });
}

/** However it ended, the object shows as a conflict again, or normal. */
async function collapse(session: ServerSession): Promise<void> {
  try {
    await session.abort();
  } catch (error) {
    // Venus may have ended, or somebody else has done it; why it failed is told already.
    if (!(error instanceof CodaError)) throw error;
  }
}
