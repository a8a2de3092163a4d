import { joinPath, splitPath } from '../../ipc/codaPath.ts';
import type { Decision, LocalMutation, Obstruction, Verdict } from '../../ipc/repairs.ts';
import type { FileTree } from '../../ipc/venus.ts';
import type { Obstructed } from '../backend.ts';
import { Drafting } from './drafting.ts';
import { type Look, statusOf } from './globalView.ts';
import { LOCAL_ENTRY, besides, isAtOrBelow, parentOf, pathAt } from './objectPaths.ts';
import { isMaking, isNameOnly, pathsOf, targetOf } from './mutations.ts';
import type { RealVenus } from './realVenus.ts';
import type { Work, WorkRecord } from './work.ts';

const NO_CONFLICT: Verdict = { kind: 'no conflict' };
const LEFT_OUT = 'It needs something that was left out before.';
const BEHIND_SKIPPED =
  'A real Coda settles its log from the front: nothing behind a mutation that stays in it can be settled.';

/** Obstructions that no other way of performing a mutation gets round. */
const hopeless: readonly Obstruction[] = ['denied', 'no room', 'dependent', 'unreachable'];

/** What became of a mutation that something is in the way of; a verdict is another obstruction. */
type Outcome =
  | { readonly decision: 'preserved'; readonly moved?: [string, string]; readonly merged?: string }
  | { readonly decision: 'discarded' }
  | Verdict
  | 'refused';

export interface DeciderParts {
  readonly venus: RealVenus;
  readonly files: FileTree;
  /** The entry of a server that answers, below the expanded object. */
  readonly server: string | undefined;
  /** What venus said of a record that it can be asked about: the first of its log, while nothing is expanded. */
  readonly told: ToldVerdict | undefined;
}

/** What venus or the servers said of a record, which knows what cannot be seen: rights, and versions of what is removed. */
export interface ToldVerdict {
  /** The place of the record. */
  readonly at: number;
  readonly verdict: Verdict;
}

/** Says what is in the way of records, and works out what it takes to preserve them. Changes nothing. */
export class Decider {
  readonly #parts: DeciderParts;
  readonly #work: Work;

  constructor(parts: DeciderParts, work: Work) {
    this.#parts = parts;
    this.#work = work;
  }

  async verdict(at: number): Promise<Verdict> {
    const mutation = this.#mutation(at);
    if (this.#parts.server === undefined) return conflict('unreachable', mutation.path);
    const own = await this.#ownVerdict(this.#drafting(at), at, mutation);
    const { told } = this.#parts;
    if (told?.at !== at || told.verdict.kind === 'no conflict') return own;
    // Who lacks the rights cannot do it in any other way either.
    return own.kind === 'no conflict' || hopeless.includes(told.verdict.obstruction) ? told.verdict : own;
  }

  /** @returns the verdict where it cannot be done so */
  async preserve(at: number, how: Obstructed | undefined): Promise<WorkRecord | Verdict> {
    const mutation = this.#mutation(at);
    if (this.#isBehindSkipped(at)) return { ...conflict('dependent', mutation.path), why: BEHIND_SKIPPED };
    const verdict = await this.verdict(at);
    const drafting = this.#drafting(at);
    if (verdict.kind === 'no conflict') return this.#plainly(drafting, at, mutation);
    if (!how || hopeless.includes(verdict.obstruction)) return verdict;
    const outcome = await this.#against(drafting, at, mutation, verdict, how);
    if (outcome === 'refused') return verdict;
    if ('kind' in outcome) return outcome;
    return { ...this.#decided(drafting, at, outcome.decision, 'discard'), ...outcome };
  }

  async discard(at: number): Promise<WorkRecord | Verdict> {
    const mutation = this.#mutation(at);
    if (this.#isBehindSkipped(at)) return { ...conflict('dependent', mutation.path), why: BEHIND_SKIPPED };
    const drafting = this.#drafting(at);
    const isFree = (await this.verdict(at)).kind === 'no conflict';
    return {
      ...this.#decided(drafting, at, 'discarded', 'discard'),
      ...(await standInFor(drafting, mutation)),
      ...(isFree ? { free: true } : {}),
    };
  }

  skip(at: number): WorkRecord {
    return this.#decided(this.#drafting(at), at, 'skipped', 'stay');
  }

  #mutation(at: number): LocalMutation {
    const mutation = this.#work.records[at]?.mutation;
    if (!mutation) throw new Error(`repair: record ${at} is not of the object`);
    return mutation;
  }

  #drafting(at: number): Drafting {
    const { object, records } = this.#work;
    return new Drafting(this.#parts.files, object, this.#parts.server ?? LOCAL_ENTRY, records.slice(0, at));
  }

  #isBehindSkipped(at: number): boolean {
    return this.#work.records.slice(0, at).some(({ decision }) => decision === 'skipped');
  }

  async #ownVerdict(drafting: Drafting, at: number, mutation: LocalMutation): Promise<Verdict> {
    const { view } = drafting;
    const [path, target] = [drafting.map(mutation.path), drafting.map(targetOf(mutation))];
    if (path.startsWith('../') || target.startsWith('../')) return NO_CONFLICT;
    const above = parentOf(target);
    if (target !== '' && (await view.look(above))?.type !== 'directory')
      return absent(drafting, mutation, above, 'gone');
    const makes = isMaking(mutation);
    const there = await view.look(path);
    if (!makes && !there) return absent(drafting, mutation, path, isNameOnly(mutation) ? 'missing' : 'gone');
    if (makes || 'to' in mutation) {
      const taken = await view.look(target);
      const isOwn = taken?.local !== undefined && taken.local === this.#localOf(at);
      return taken && !isOwn ? conflict('exists', target) : NO_CONFLICT;
    }
    if (there && (await this.#isUpdated(at, there))) return conflict('updated', path);
    const isFull =
      mutation.op === 'rmdir' && there?.type === 'directory' && (await view.names(path)).length > 0;
    return isFull ? conflict('not empty', path) : NO_CONFLICT;
  }

  /** Whether the servers have another object, or another version of it, than the client changed. */
  async #isUpdated(at: number, { server }: Look): Promise<boolean> {
    const local = this.#localOf(at);
    if (!server || server.merged || local === undefined || this.#parts.server === undefined) return false;
    const { object } = this.#work;
    const localPath = pathAt(joinPath(object, LOCAL_ENTRY), local);
    if (!(await statusOf(this.#parts.files, localPath))) return false;
    const mine = await this.#parts.venus.identity(localPath);
    const theirs = await this.#parts.venus.identity(
      pathAt(joinPath(object, this.#parts.server), server.path),
    );
    const isOther = mine.fid.vnode !== theirs.fid.vnode || mine.fid.unique !== theirs.fid.unique;
    const others = theirs.versionVector.versions;
    return isOther || mine.versionVector.versions.some((count, site) => count !== others[site]);
  }

  async #plainly(drafting: Drafting, at: number, mutation: LocalMutation): Promise<WorkRecord> {
    const isCutOff = drafting.isCutOff(pathsOf(mutation));
    const [path, target] = [drafting.map(mutation.path), drafting.map(targetOf(mutation))];
    const local = this.#localOf(at);
    const there = await drafting.view.look(target);
    const isCopied = there?.local !== undefined && there.local === local && !('to' in mutation);
    const isBeside = target.startsWith('../');
    if (!isCopied && !isBeside)
      await drafting.perform(mutation, path, 'to' in mutation ? target : undefined, local);
    return this.#decided(drafting, at, 'preserved', isCutOff ? 'discard' : 'send');
  }

  async #against(
    drafting: Drafting,
    at: number,
    mutation: LocalMutation,
    verdict: Extract<Verdict, { kind: 'conflict' }>,
    how: Obstructed,
  ): Promise<Outcome> {
    const [path, target] = [drafting.map(mutation.path), drafting.map(targetOf(mutation))];
    const { obstruction } = verdict;
    if (obstruction === 'gone' || obstruction === 'missing') return this.#anew(drafting, at, mutation);
    if (obstruction === 'exists' && mutation.op === 'mkdir') {
      if ((await drafting.view.look(target))?.type === 'directory') {
        return { decision: 'preserved', merged: target };
      }
    }
    if (how.onConflict === 'rename') return this.#beside(drafting, at, mutation, how.name);
    if (obstruction === 'exists') await drafting.remove(target);
    await drafting.perform(mutation, path, 'to' in mutation ? target : undefined, this.#localOf(at));
    return { decision: 'preserved' };
  }

  async #anew(drafting: Drafting, at: number, mutation: LocalMutation): Promise<Outcome> {
    if (mutation.op === 'remove' || mutation.op === 'rmdir') return { decision: 'preserved' };
    const [path, target] = [drafting.map(mutation.path), drafting.map(targetOf(mutation))];
    if (!(await drafting.makeAbove(target))) return 'refused';
    const local = this.#localOf(at);
    const isThere = mutation.op === 'rename' && (await drafting.view.look(path)) !== undefined;
    if (isMaking(mutation) || isThere)
      await drafting.perform(mutation, path, 'to' in mutation ? target : undefined, local);
    else if (local !== undefined) await drafting.copy(local, target);
    return { decision: 'preserved' };
  }

  async #beside(drafting: Drafting, at: number, mutation: LocalMutation, name: string): Promise<Outcome> {
    if (['remove', 'rmdir', 'chmod', 'chown', 'utimes'].includes(mutation.op))
      return { decision: 'discarded' };
    const from = targetOf(mutation);
    const target = drafting.map(from);
    if (target === '') {
      const sibling = joinPath(splitPath(this.#work.object).directory, name);
      const isTaken = await statusOf(this.#parts.files, sibling);
      if (isTaken || (await drafting.view.look(`../${name}`))) return conflict('exists', name);
      await drafting.copy('', `../${name}`);
      return { decision: 'preserved', moved: ['', `../${name}`] };
    }
    const beside = besides(target, name);
    if (await drafting.view.look(beside)) return conflict('exists', beside);
    const path = 'to' in mutation ? drafting.map(mutation.path) : beside;
    await drafting.perform(mutation, path, 'to' in mutation ? beside : undefined, this.#localOf(at));
    return { decision: 'preserved', moved: [from, beside] };
  }

  #decided(drafting: Drafting, at: number, decision: Decision, fate: WorkRecord['fate']): WorkRecord {
    const mutation = this.#mutation(at);
    const dependent = drafting.isCutOff(pathsOf(mutation));
    const before = this.#work.records[at];
    if (!before) throw new Error(`repair: no record ${at}`);
    return { ...before, decision, fate, dependent, steps: drafting.steps };
  }

  /** Where the client has the object of a mutation at last; undefined if it has it no more. */
  #localOf(at: number): string | undefined {
    let path = targetOf(this.#mutation(at));
    for (const { mutation } of this.#work.records.slice(at + 1)) {
      if (mutation?.op === 'rename' && isAtOrBelow(path, mutation.path))
        path = `${mutation.to}${path.slice(mutation.path.length)}`;
      else if ((mutation?.op === 'remove' || mutation?.op === 'rmdir') && mutation.path === path)
        return undefined;
    }
    return path;
  }
}

/** What later mutations are about, of one that is left out: the directory of the servers, or the old name. */
async function standInFor(
  drafting: Drafting,
  mutation: LocalMutation,
): Promise<Pick<WorkRecord, 'merged' | 'moved'>> {
  if (mutation.op === 'rename') return { moved: [mutation.to, drafting.map(mutation.path)] };
  if (mutation.op !== 'mkdir') return {};
  const target = drafting.map(mutation.path);
  return (await drafting.view.look(target))?.type === 'directory' ? { merged: target } : {};
}

function conflict(obstruction: Obstruction, target: string): Extract<Verdict, { kind: 'conflict' }> {
  return { kind: 'conflict', obstruction, target };
}

/** Of what was left out before, it is no wonder that it is not there. */
function absent(
  drafting: Drafting,
  mutation: LocalMutation,
  target: string,
  otherwise: 'gone' | 'missing',
): Verdict {
  const isDependent = pathsOf(mutation).some((path) => drafting.isUnmade(path));
  return isDependent
    ? { ...conflict('dependent', mutation.path), why: LEFT_OUT }
    : conflict(otherwise, target);
}
