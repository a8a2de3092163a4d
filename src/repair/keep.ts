/** Settling a session without looking at each mutation. */
import { splitPath } from '../ipc/codaPath.ts';
import { CodaError } from '../ipc/errors.ts';
import type { Decision, LocalMutation, Verdict } from '../ipc/repairs.ts';
import type { Obstructed, Performed, LocalSession } from './backend.ts';
import { besideName } from './besideName.ts';
import { subjectOf } from './commands/look.ts';
import { type ShownObject, mutationText, verdictText } from './texts.ts';

/** Whose version wins where both sides changed something. */
export const keeps = ['mine', 'server', 'both'] as const;
export type Keep = (typeof keeps)[number];

/** What became of one mutation. */
export interface Kept {
  readonly mutation: LocalMutation;
  readonly decision: Decision;
  /** What was in its way. */
  readonly verdict: Verdict;
  /** The name under which its local version is kept beside that of the servers. */
  readonly beside: string | undefined;
}

/** A mutation that cannot be kept in the wanted way. */
export class KeepError extends CodaError {
  readonly code = 'conflict';

  /** @param isUntouched whether nothing was sent or discarded yet */
  constructor(shown: ShownObject, mutation: LocalMutation, verdict: Verdict, isUntouched: boolean) {
    const standing = isUntouched
      ? 'Nothing was sent, all is as before.'
      : 'What was decided before it is done; this and what comes after it is left.';
    super(`${mutationText(shown, 'global', mutation)}: ${verdictText(shown, verdict)}`, {
      ...(verdict.kind === 'conflict' && verdict.why !== undefined ? { why: verdict.why } : {}),
      next: `${standing} Decide about each mutation: repair OBJECT`,
    });
  }
}

/** Names that are tried before it is given up. */
const MAX_ATTEMPTS = 1000;

/**
 * Decides about all mutations of a session that are left; the caller commits.
 * @param client the host whose mutations they are
 * @throws KeepError for the first that cannot be kept so
 */
export async function* decideAll(
  session: LocalSession,
  keep: Keep,
  client: string,
  shown: ShownObject,
  now: number,
): AsyncGenerator<Kept> {
  const { entry } = splitPath((await session.document()).path);
  for (;;) {
    const checked = await session.check();
    if (checked === undefined) return;
    const { mutation, verdict } = checked;
    const beside = keep === 'both' && (await wantsAName(session, mutation, verdict));
    const kept = beside ? await preserveBeside(session, mutation, entry, client, now) : undefined;
    const performed = kept?.performed ?? (await decide(session, keep, mutation, verdict));
    if (performed.kind === 'refused')
      throw new KeepError(shown, mutation, performed.verdict, session.canAbort);
    if (performed.kind === 'nothing left') return;
    const name = performed.decision === 'preserved' ? kept?.name : undefined;
    yield { mutation, decision: performed.decision, verdict, beside: name };
  }
}

/** Whether there are two versions that need two names. Directories are merged instead. */
export async function wantsAName(
  session: LocalSession,
  mutation: LocalMutation,
  verdict: Verdict,
): Promise<boolean> {
  if (verdict.kind !== 'conflict') return false;
  if (verdict.obstruction === 'updated' || verdict.obstruction === 'not empty')
    return mutation.op !== 'rename';
  if (verdict.obstruction !== 'exists') return false;
  if (mutation.op !== 'mkdir') return true;
  const versions = await session.versions(verdict.target);
  return versions.some(({ place, type }) => place === 'global' && type !== 'directory');
}

function decide(
  session: LocalSession,
  keep: Keep,
  mutation: LocalMutation,
  verdict: Verdict,
): Promise<Performed> {
  switch (keep) {
    case 'server':
      return keepServers(session, mutation, verdict);
    case 'mine':
      return session.preserve({ onConflict: 'replace' });
    case 'both':
      // What is left to be in the way is no version of anything that somebody else would lose.
      return verdict.kind === 'conflict' ? session.preserve({ onConflict: 'replace' }) : session.preserve();
  }
}

/**
 * The servers' version stays where something is in the way of a mutation. What nothing is in the way of is work that
 * others would not have lost anything by: it is sent, as it would be without a conflict.
 */
export function keepServers(
  session: LocalSession,
  mutation: LocalMutation,
  verdict: Verdict,
): Promise<Performed> {
  if (verdict.kind === 'no conflict') return session.preserve();
  // Nobody knows whether anything is in its way.
  if (verdict.obstruction === 'unreachable') return Promise.resolve({ kind: 'refused', mutation, verdict });
  return session.discard();
}

export interface Beside {
  readonly performed: Performed;
  readonly name: string;
}

/**
 * Keeps a mutation beside what is in its way, under a name that is free.
 * @param object name of the object under repair
 */
export async function preserveBeside(
  session: LocalSession,
  mutation: LocalMutation,
  object: string,
  client: string,
  now: number,
): Promise<Beside> {
  const subject = subjectOf(mutation);
  const local = (await session.versions(subject)).find(({ place }) => place === 'local');
  const entry = subject === '' ? object : splitPath(subject).entry;
  for (let attempt = 1; ; attempt++) {
    const name = besideName(entry, local?.type ?? 'file', client, local?.modified ?? now, attempt);
    const how: Obstructed = { onConflict: 'rename', name };
    const performed = await session.preserve(how);
    if (attempt === MAX_ATTEMPTS || !isTaken(performed, name)) return { performed, name };
  }
}

function isTaken(performed: Performed, name: string): boolean {
  if (performed.kind !== 'refused' || performed.verdict.kind !== 'conflict') return false;
  const { obstruction, target } = performed.verdict;
  return obstruction === 'exists' && splitPath(target).entry === name;
}
