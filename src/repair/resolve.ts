/** Settling all that is in conflict below an object, without looking at each mutation. */
import { splitPath } from '../ipc/codaPath.ts';
import type { Decision, LocalMutation, Verdict, Version } from '../ipc/repairs.ts';
import type { FileTree } from '../ipc/venus.ts';
import type { Performed, LocalSession } from './backend.ts';
import { subjectOf } from './commands/look.ts';
import { keepServers, preserveBeside, wantsAName } from './keep.ts';

/** Whose version wins. */
export const choices = ['mine', 'server', 'both', 'newest'] as const;
export type Choice = (typeof choices)[number];

/** What became of one mutation. */
export interface Resolved {
  readonly mutation: LocalMutation;
  readonly decision: Decision;
  readonly verdict: Verdict;
  /** Both versions were the same. */
  readonly isIdentical: boolean;
  /** The name under which the local version is kept beside that of the servers. */
  readonly beside: string | undefined;
  /** Why nothing could be decided: it stays in the log. */
  readonly obstacle: Verdict | undefined;
}

export interface ResolveOptions {
  readonly session: LocalSession;
  readonly files: FileTree;
  /** The expanded object, from the Coda root. */
  readonly object: string;
  readonly choice: Choice;
  /** The host whose mutations they are. */
  readonly client: string;
  readonly now: number;
  /** Called before a version of the servers is replaced or removed, with its path below the object. */
  readonly onReplace: (path: string) => Promise<void>;
}

/** Decides about all mutations of a session, one failure does not stop the rest; the caller commits. */
export async function* resolveAll(options: ResolveOptions): AsyncGenerator<Resolved> {
  const { session } = options;
  for (;;) {
    const checked = await session.check();
    if (checked === undefined) return;
    const { mutation, verdict } = checked;
    const common = { mutation, verdict };
    const isIdentical = verdict.kind === 'conflict' && (await isSame(options, mutation, verdict));
    const { performed, beside } = isIdentical
      ? { performed: await settleIdentical(session, mutation), beside: undefined }
      : await decide(options, mutation, verdict, await choiceFor(options, mutation, verdict));
    if (performed.kind === 'nothing left') return;
    if (performed.kind === 'done')
      yield { ...common, decision: performed.decision, isIdentical, beside, obstacle: undefined };
    else {
      await session.skip();
      yield { ...common, decision: 'skipped', isIdentical, beside: undefined, obstacle: performed.verdict };
    }
  }
}

interface Done {
  readonly performed: Performed;
  readonly beside: string | undefined;
}

async function decide(
  { session, object, client, now, onReplace }: ResolveOptions,
  mutation: LocalMutation,
  verdict: Verdict,
  choice: Exclude<Choice, 'newest'>,
): Promise<Done> {
  if (verdict.kind === 'no conflict') return { performed: await session.preserve(), beside: undefined };
  switch (choice) {
    case 'server':
      return { performed: await keepServers(session, mutation, verdict), beside: undefined };
    case 'mine':
      if (isReplacing(mutation) && (await wantsAName(session, mutation, verdict)))
        await onReplace(verdict.target);
      return { performed: await session.preserve({ onConflict: 'replace' }), beside: undefined };
    case 'both': {
      if (!(await wantsAName(session, mutation, verdict)))
        return { performed: await session.preserve({ onConflict: 'replace' }), beside: undefined };
      const { entry } = splitPath(object);
      const { performed, name } = await preserveBeside(session, mutation, entry, client, now);
      const isKept = performed.kind === 'done' && performed.decision === 'preserved';
      return { performed, beside: isKept ? name : undefined };
    }
  }
}

/** A file made on both sides is taken for the same, so that what was done to it later finds it. */
function settleIdentical(session: LocalSession, { op }: LocalMutation): Promise<Performed> {
  return op === 'create' ? session.preserve({ onConflict: 'replace' }) : session.discard();
}

/** Whether the servers' version is lost where the local change wins: one of attributes alone leaves the contents. */
function isReplacing({ op }: LocalMutation): boolean {
  return op !== 'chmod' && op !== 'chown' && op !== 'utimes';
}

async function choiceFor(
  { session, choice }: ResolveOptions,
  mutation: LocalMutation,
  verdict: Verdict,
): Promise<Exclude<Choice, 'newest'>> {
  if (choice !== 'newest') return choice;
  if (verdict.kind === 'no conflict') return 'mine';
  const versions = await session.versions(verdict.target);
  const theirs = Math.max(0, ...versions.filter(isTheirs).map(({ modified }) => modified));
  return mutation.time > theirs ? 'mine' : 'server';
}

function isTheirs({ place, type }: Version): boolean {
  return place !== 'local' && type !== 'none';
}

/** Whether both sides did the same: then there is nothing to choose. */
async function isSame(
  { session, files, object }: ResolveOptions,
  mutation: LocalMutation,
  verdict: Verdict,
): Promise<boolean> {
  if (verdict.kind !== 'conflict') return false;
  const isMade = mutation.op === 'create' || mutation.op === 'symlink';
  if (isMade ? verdict.obstruction !== 'exists' : mutation.op !== 'store') return false;
  const path = subjectOf(mutation);
  const versions = await session.versions(path);
  const [local, global] = ['local', 'global'].map((place) =>
    versions.find((version) => version.place === place),
  );
  if (!local || !global || local.type === 'none' || local.type !== global.type) return false;
  if (local.type === 'symlink') return local.target === global.target;
  if (local.type !== 'file' || local.length !== global.length) return false;
  const at = (place: string) => `${object}/${place}${path === '' ? '' : `/${path}`}`;
  return sameBytes(files.read(at('local')), files.read(at('global')));
}

async function sameBytes(one: AsyncIterable<Uint8Array>, other: AsyncIterable<Uint8Array>): Promise<boolean> {
  const theirs = other[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of one) {
      while (rest.length < chunk.length) {
        const next = await theirs.next();
        if (next.done) return false;
        rest = Buffer.concat([rest, next.value]);
      }
      if (!rest.subarray(0, chunk.length).equals(chunk)) return false;
      rest = rest.subarray(chunk.length);
    }
    return rest.length === 0 && (await theirs.next()).done === true;
  } finally {
    await theirs.return?.();
  }
}
