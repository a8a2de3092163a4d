/** `--keep` and `--list`: a session that decides or looks by itself. */
import { CodaError } from '../../ipc/errors.ts';
import type { LocalMutation, RepairDocument, Verdict } from '../../ipc/repairs.ts';
import { type Keep, type Kept, decideAll, keeps } from '../../repair/keep.ts';
import type { RepairRun } from '../../repair/repairRun.ts';
import { isSession } from '../../repair/stateTable.ts';
import { type ShownObject, listedMutation, mutationText, verdictText } from '../../repair/texts.ts';
import { shellWord } from '../../term/shellWord.ts';
import { printable } from '../../term/printable.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';
import { listServerSession, settleServerSession } from './serverSession.ts';

/** Times that something is decided anew because others were faster. */
const MAX_ATTEMPTS = 3;

/** An object is under repair already: somebody may have made results that a new decision would drop. */
class UnderRepairError extends CodaError {
  readonly code = 'under-repair';

  constructor(object: string) {
    super(`${printable(object)} has a repair session that nobody ended`, {
      why: 'What was decided or made in it would be lost, or mixed with what is to be decided now.',
      next: `Go on with it: repair ${shellWord(object)}. Or drop it and begin anew: --fresh`,
    });
  }
}

/** The servers got something newer between the decisions and the commit. */
class OvertakenError extends CodaError {
  readonly code = 'conflict';

  constructor(shown: ShownObject, verdict: Verdict) {
    super(`nothing was committed: ${verdictText(shown, verdict)}`, {
      why: 'Somebody changed it while it was decided. All is as before.',
      next: 'Do it once more, with what the servers have now.',
    });
  }
}

/** Begins a session in which nobody has done anything yet. @param fresh drops what is found */
async function beginNew(context: Context, run: RepairRun, typed: string, fresh: boolean): Promise<void> {
  await run.begin(typed);
  if (run.state !== 'stale') return;
  if (!run.isOfServers && !run.session.canAbort) {
    // Part of it is done for good already.
    context.terminal.err(`going on with the commit that was interrupted, as it was decided then\n`);
    run.resume();
    return;
  }
  // A session without a decision may have results below `global` all the same.
  if (!fresh) throw new UnderRepairError(run.object);
  await run.abort();
  await run.begin(typed);
}

/** Settles a conflict in one way for all its mutations. */
export async function settle(
  context: Context,
  run: RepairRun,
  typed: string,
  whose: string,
  fresh: boolean,
  over: AbortSignal,
): Promise<void> {
  await beginNew(context, run, typed, fresh);
  if (run.isOfServers) return settleServerSession(context, run, whose, over);
  const keep = keeps.find((each) => each === whose);
  if (keep === undefined)
    throw new UsageError(
      `What you did is in conflict with the servers here, so that --keep takes ${keeps.join(', ')}, not ${whose}`,
    );
  const shown = { object: run.object };
  const { path } = run.begun;
  const all = new Map<number, Kept>();
  for (let attempt = 1; ; attempt++) {
    const { mutations } = await run.session.document();
    const overtaken = await decideAndCommit(context, run, shown, keep, all, over);
    if (over.aborted) return;
    if (!overtaken) break;
    // What was done for good is settled for good: each attempt has less left to decide.
    if (attempt === MAX_ATTEMPTS + (run.session.canAbort ? 0 : mutations.length)) throw overtaken;
    if (run.session.canAbort) {
      await run.abort();
      await run.begin(typed);
    }
    context.terminal.err('somebody changed something meanwhile: what is left is decided anew\n');
  }
  if (!context.json) return;
  const mutations = [...all.values()].map(({ mutation, decision, verdict, beside }) => ({
    ...mutationJson(mutation),
    decision,
    verdict,
    ...(beside === undefined ? {} : { beside }),
  }));
  context.printJson({ path: run.workplace.toUserPath(path), keep, mutations, committed: true, failures: [] });
}

/** @returns why nothing more was committed @param all what became of each mutation, by its number */
async function decideAndCommit(
  context: Context,
  run: RepairRun,
  shown: ShownObject,
  keep: Keep,
  all: Map<number, Kept>,
  over: AbortSignal,
): Promise<OvertakenError | undefined> {
  const { client } = run.begun;
  for await (const kept of decideAll(run.session, keep, client, shown, context.surroundings.now())) {
    all.set(kept.mutation.sequence, kept);
    if (!context.json) context.print(`${keptText(shown, kept)}\n`);
    if (over.aborted) return undefined;
  }
  const committed = await run.commit();
  return committed.kind === 'overtaken' ? new OvertakenError(shown, committed.verdict) : undefined;
}

function keptText(shown: ShownObject, { mutation, decision, beside }: Kept): string {
  if (decision === 'discarded') return `discard local mutation ${mutationText(shown, 'local', mutation)}`;
  const as = beside === undefined ? '' : `, kept as ${printable(beside)}`;
  return `${mutationText(shown, 'global', mutation)} succeeded${as}`;
}

/** A mutation and what is in its way; undefined where it was decided before. */
interface Finding {
  readonly mutation: LocalMutation;
  readonly decision: string | undefined;
  readonly verdict: Verdict | undefined;
}

/** Lists the local mutations of an object with what is in the way of each. Leaves all as it was. */
export async function list(context: Context, run: RepairRun, typed: string): Promise<void> {
  await run.begin(typed);
  if (run.isOfServers) return listServerSession(context, run);
  const shown = { object: run.object };
  const { begun } = run;
  const findings = run.state === 'stale' ? await findingsOfFound(run) : await findingsOf(run);
  if (isSession(run.state)) await run.abort();
  else run.leaveAsFound();
  if (context.json) context.printJson(listJson(run.workplace.toUserPath(begun.path), begun, findings));
  else context.print(findings.map((finding) => findingText(shown, finding)).join(''));
}

/** The session is somebody's: only its current mutation can be asked about without touching it. */
async function findingsOfFound(run: RepairRun): Promise<readonly Finding[]> {
  const { mutations } = await run.session.document();
  const checked = await run.session.check();
  return mutations.map(({ mutation, decision }) => ({
    mutation,
    decision,
    verdict: checked?.mutation.sequence === mutation.sequence ? checked.verdict : undefined,
  }));
}

/** What has no obstacle is performed in the workspace, so that what builds on it is judged rightly. */
async function findingsOf(run: RepairRun): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (;;) {
    const checked = await run.session.check();
    if (checked === undefined) return findings;
    findings.push({ ...checked, decision: undefined });
    const isFree = checked.verdict.kind === 'no conflict';
    const performed = isFree ? await run.session.preserve() : await run.session.skip();
    if (performed.kind === 'refused') await run.session.skip();
  }
}

function findingText(shown: ShownObject, { mutation, decision, verdict }: Finding): string {
  const state = decision ?? (verdict === undefined ? 'not decided' : verdictText(shown, verdict));
  return `${listedMutation(shown, mutation)}\n\t${state}\n`;
}

function listJson(object: string, begun: RepairDocument, findings: readonly Finding[]): object {
  const { type, kind, client, servers, isResumed, listing } = begun;
  const mutations = findings.map(({ mutation, decision, verdict }) => ({
    ...mutationJson(mutation),
    ...(decision === undefined ? {} : { decision }),
    ...(verdict === undefined ? {} : { verdict }),
  }));
  return {
    path: object,
    type,
    kind,
    client,
    servers,
    isUnderRepair: isResumed,
    ...(listing === undefined ? {} : { listing }),
    mutations,
    failures: [],
  };
}

function mutationJson(mutation: LocalMutation): object {
  return {
    ...mutation,
    time: new Date(mutation.time).toISOString(),
    ...(mutation.op === 'chmod' ? { mode: mutation.mode.toString(8).padStart(4, '0') } : {}),
    ...(mutation.op === 'utimes' ? { modified: new Date(mutation.modified).toISOString() } : {}),
  };
}
