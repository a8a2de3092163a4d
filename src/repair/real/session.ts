import { joinPath } from '../../ipc/codaPath.ts';
import { isErrno } from '../../ipc/errors.ts';
import type { LocalMutation, RepairDocument, Verdict, Version } from '../../ipc/repairs.ts';
import {
  type Committed,
  type Obstructed,
  type Performed,
  RepairError,
  type LocalSession,
} from '../backend.ts';
import { Commit, type CommitParts, isInConflict } from './commit.ts';
import { Decider, type ToldVerdict } from './decider.ts';
import { statusOf } from './globalView.ts';
import { LOCAL_ENTRY, pathAt } from './objectPaths.ts';
import { type Work, type WorkRecord, currentOf } from './work.ts';

/** What a session begins with. */
export interface Begun {
  readonly work: Work;
  readonly kind: RepairDocument['kind'];
  readonly isResumed: boolean;
  readonly isExpanded: boolean;
  /** Whether it goes on with a commit that was interrupted. */
  readonly hasJournal: boolean;
  /** The entry of a server that answers, below the expanded object. */
  readonly server: string | undefined;
  /** What venus said of the first record before the object was expanded. */
  readonly told: ToldVerdict | undefined;
}

/** A session that the tool keeps: decisions are only noted, and carried out at the commit. */
export class RealSession implements LocalSession {
  readonly kind = 'local/global';
  readonly #parts: CommitParts;
  readonly #begun: Begun;
  #work: Work;
  #isExpanded: boolean;
  #hasJournal: boolean;
  #told: ToldVerdict | undefined;

  constructor(parts: CommitParts, begun: Begun) {
    this.#parts = parts;
    this.#begun = begun;
    this.#work = begun.work;
    this.#isExpanded = begun.isExpanded;
    this.#hasJournal = begun.hasJournal;
    this.#told = begun.told;
  }

  get canAbort(): boolean {
    return !this.#work.isIrrevocable;
  }

  document(): Promise<RepairDocument> {
    const { id, object, type, client, servers, records } = this.#work;
    const mutations = records.flatMap(({ mutation, decision }) =>
      mutation ? [{ mutation, ...(decision === undefined ? {} : { decision }) }] : [],
    );
    const current = mutations.findIndex(({ decision }) => decision === undefined);
    return Promise.resolve({
      id,
      path: object,
      type,
      kind: this.#begun.kind,
      client,
      servers: [...servers],
      isResumed: this.#begun.isResumed,
      mutations,
      current: current < 0 ? mutations.length : current,
    });
  }

  async check(): Promise<{ readonly mutation: LocalMutation; readonly verdict: Verdict } | undefined> {
    const at = currentOf(this.#work);
    const mutation = at === undefined ? undefined : this.#work.records[at]?.mutation;
    return at === undefined || !mutation
      ? undefined
      : { mutation, verdict: await this.#decider().verdict(at) };
  }

  preserve(how?: Obstructed): Promise<Performed> {
    return this.#decide((decider, at) => decider.preserve(at, how));
  }

  discard(): Promise<Performed> {
    return this.#decide((decider, at) => decider.discard(at));
  }

  skip(): Promise<Performed> {
    return this.#decide((decider, at) => Promise.resolve(decider.skip(at)));
  }

  undo(): Promise<LocalMutation | undefined> {
    const { records, settled } = this.#work;
    const last = records.findLastIndex(({ decision }) => decision !== undefined);
    const record = records[last];
    if (!record || last < settled) return Promise.resolve(undefined);
    this.#replaceRecord(last, undecided(record));
    return Promise.resolve(record.mutation);
  }

  async versions(path: string): Promise<readonly Version[]> {
    const { client, object } = this.#work;
    const { server } = this.#begun;
    const local = await this.#version('local', client, joinPath(object, LOCAL_ENTRY), path);
    if (server === undefined) return [local];
    return [local, await this.#version('global', server, joinPath(object, server), path)];
  }

  async commit(): Promise<Committed> {
    if (!this.#work.records.some(({ decision }) => decision !== undefined && decision !== 'skipped')) {
      await this.abort();
      return { kind: 'done', performed: 0, discarded: 0 };
    }
    this.#checkRedoable();
    const release = await this.#parts.journals.lock(this.#work.id);
    try {
      await this.#checkJournal();
      return await this.#settle();
    } finally {
      await release();
    }
  }

  /** @throws RepairError if another process has begun to commit since this session began */
  async #checkJournal(): Promise<void> {
    if (this.#hasJournal || !(await this.#parts.journals.find(this.#work.id))) return;
    throw new RepairError('Another process has begun to commit a repair of this object', {
      why: 'It was interrupted. What it decided is in its journal, and part of it may be done.',
      next: 'End this session and begin again: then that repair goes on.',
    });
  }

  async #settle(): Promise<Committed> {
    const before = this.#work;
    const commit = new Commit(this.#parts, readyToSettle(before));
    try {
      if (this.#isExpanded) await this.#leaveExpansion(commit);
      const settled = await commit.run();
      this.#work = commit.work;
      if (settled.kind === 'done') return settled;
      return await this.#refused(before, settled.at, settled.verdict);
    } catch (error) {
      this.#work = commit.work;
      if (this.canAbort) await this.#takeBack(before);
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#isExpanded) await this.#collapse();
    if (this.canAbort && this.#hasJournal) await this.#parts.journals.remove(this.#work.id);
  }

  async #decide(decide: (decider: Decider, at: number) => Promise<WorkRecord | Verdict>): Promise<Performed> {
    const at = currentOf(this.#work);
    const mutation = at === undefined ? undefined : this.#work.records[at]?.mutation;
    if (at === undefined || !mutation) return { kind: 'nothing left' };
    const decided = await decide(this.#decider(), at);
    if ('kind' in decided) return { kind: 'refused', mutation, verdict: decided };
    this.#replaceRecord(at, decided);
    return { kind: 'done', mutation, decision: decided.decision ?? 'skipped' };
  }

  #decider(): Decider {
    const { venus, files } = this.#parts;
    return new Decider({ venus, files, server: this.#begun.server, told: this.#told }, this.#work);
  }

  #replaceRecord(at: number, record: WorkRecord): void {
    this.#work = { ...this.#work, records: this.#work.records.with(at, record) };
  }

  /** What is made anew is made where the object is, which has to be out of conflict then. */
  #checkRedoable(): void {
    const { records } = this.#work;
    const isLeft = records.some(({ mutation, fate }) => mutation && fate === 'stay');
    const isRedone = records.some(({ fate, steps }) => fate === 'discard' && steps.length > 0);
    if (isLeft && isRedone)
      throw new RepairError('A mutation is left without a decision', {
        why: 'At a real Coda what is preserved against a conflict is made anew when the object is out of conflict, which it is not as long as something of it stays in the log.',
        next: 'Decide about all that are left: preserveLocal, discardLocal. Nothing was changed yet.',
      });
  }

  async #leaveExpansion(commit: Commit): Promise<void> {
    this.#hasJournal = true;
    await commit.prepare();
    this.#work = commit.work;
    await this.#collapse();
  }

  async #collapse(): Promise<void> {
    try {
      await this.#parts.venus.collapse(this.#work.object);
    } catch (error) {
      // Somebody else has done it.
      if (!isErrno(error, 'EINVAL')) throw error;
    }
    this.#isExpanded = false;
  }

  /** The servers refuse what nothing was in the way of: it and what comes after it is to be decided again. */
  async #refused(before: Work, at: number, verdict: Verdict): Promise<Committed> {
    const mutation = this.#work.records[at]?.mutation;
    this.#told = { at, verdict };
    if (this.canAbort) await this.#takeBack(before);
    else {
      const records = this.#work.records.map((record, index) => (index < at ? record : undecided(record)));
      this.#work = { ...this.#work, records };
      await this.#parts.journals.write(this.#work);
      await this.#expandAgain();
    }
    return { kind: 'overtaken', verdict, mutation };
  }

  /** Nothing is lost yet: the session goes on as it was, with nothing saved. */
  async #takeBack(before: Work): Promise<void> {
    this.#work = { ...before, settled: this.#work.settled };
    this.#hasJournal = false;
    await this.#parts.journals.remove(this.#work.id);
    await this.#expandAgain();
  }

  async #expandAgain(): Promise<void> {
    const { venus, files } = this.#parts;
    const { object } = this.#work;
    if (this.#isExpanded || !(await isInConflict(files, object))) return;
    await venus.expand(object);
    this.#isExpanded = true;
  }

  async #version(place: string, host: string, start: string, path: string): Promise<Version> {
    const { files } = this.#parts;
    const full = pathAt(start, path);
    const status = await statusOf(files, full);
    if (!status) return { place, host, type: 'none', length: 0, mode: 0, ownerName: '', modified: 0 };
    const { type, length, mode, ownerName, owner, modified } = status;
    const target = type === 'symlink' ? { target: await files.readlink(full) } : {};
    return { place, host, type, length, mode, ownerName: ownerName ?? String(owner), modified, ...target };
  }
}

function undecided({ line, mutation }: WorkRecord): WorkRecord {
  return { line, ...(mutation ? { mutation } : {}), fate: 'stay', dependent: false, steps: [] };
}

/** Records of other objects between those of this one have to go out first. */
function readyToSettle(work: Work): Work {
  const end = work.records.findLastIndex(({ fate }) => fate !== 'stay');
  const records = work.records.map((record, at) =>
    !record.mutation && at < end ? { ...record, fate: 'send' as const } : record,
  );
  return { ...work, records };
}
