import { VenusError, isErrno } from '../../../ipc/errors.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { LocalMutation, PreserveHow, RepairDocument, Verdict } from '../../../ipc/repairs.ts';
import { fail } from '../../fail.ts';
import { directoriesOf, isMaking } from '../../net/mutation.ts';
import type { CacheManager } from '../cacheManager.ts';
import type { LogRecord } from '../log/record.ts';
import { pathOfFid } from '../naming.ts';
import type { ObjectPlace } from '../place.ts';
import { type TakeTurn, UserSession } from '../userSession.ts';
import { type CarriedOut, Decisions, unmadeBy } from './decisions.ts';
import { NO_CONFLICT, asNamed, toLocalMutation, verdictOf } from './localMutation.ts';
import { markOf, sameMark } from './marks.ts';
import type { Decided, Ended } from './outcomes.ts';
import { Performer } from './performer.ts';
import type { RepairStore, StoredDecision, StoredRepair, WorkspaceMark } from './repairStore.ts';
import { recordsBelow } from './subtree.ts';
import { examine } from './verdict.ts';
import { Workspace, removeWorkspace, workspaceIn } from './workspace.ts';

const LEFT_OUT = 'It needs something that was left out before.';

/**
 * One repair session of a local/global conflict. It outlives venus: its decisions are in the client's store, what they
 * changed is in its workspace. Only its end touches the log or the servers.
 */
export class Repair {
  readonly kind = 'local/global';
  readonly fid: Fid;
  readonly #client: CacheManager;
  readonly #store: RepairStore;
  readonly #onEnd: () => void;
  #stored: StoredRepair;
  readonly #decisions: Decisions;
  /** The records it is about, as long as the log is the same. */
  #cached: Records | undefined;
  #workspace: Promise<Workspace> | undefined;
  #hasEnded = false;
  /** Requests are answered one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(client: CacheManager, store: RepairStore, stored: StoredRepair, onEnd: () => void) {
    this.fid = stored.fid;
    this.#client = client;
    this.#store = store;
    this.#stored = stored;
    this.#onEnd = () => {
      this.#hasEnded = true;
      onEnd();
    };
    this.#decisions = new Decisions(store.decisionsOf(stored.id));
  }

  get id(): number {
    return this.#stored.id;
  }

  get uid(): number {
    return this.#stored.uid;
  }

  /** The names below the expanded object. */
  async names(): Promise<readonly string[]> {
    const { local, global } = await this.#entries();
    try {
      await (await this.#global()).status(this.fid);
      return [...global, local];
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'EACCES')) return [local];
      throw error;
    }
  }

  /** One of its versions. @throws VenusError ENOENT */
  async version(asker: UserSession, name: string, path: string): Promise<ObjectPlace> {
    const { local, global } = await this.#entries();
    if (name !== local && !global.includes(name)) fail('ENOENT');
    const isReadOnly = name === local || this.#client.realConflicts;
    const { client } = name === local ? asker : await this.#open();
    // What is made by hand must not be taken for a part of a decision, and be gone with it.
    const takeTurn: TakeTurn = (change) => this.#inTurn(() => this.#byHand(change));
    const session = new UserSession(client, asker.uid, asker.patience, isReadOnly, takeTurn);
    return { kind: 'object', path, status: await session.status(this.fid), session };
  }

  #byHand<Result>(change: () => Promise<Result>): Promise<Result> {
    if (this.#hasEnded) fail('EBUSY', 'The repair session that it was to belong to has ended.');
    this.#checkNotSent();
    return change();
  }

  /** What its versions are called: at a real Coda by the servers that have them (spec/repair.md, 2.3). */
  async #entries(): Promise<{ readonly local: string; readonly global: readonly string[] }> {
    if (!this.#client.realConflicts) return { local: 'local', global: ['global'] };
    const { replicas } = await this.#client.locate(this.fid.volume);
    return { local: '_localcache', global: replicas.map(({ server }) => server) };
  }

  document(isResumed: boolean): Promise<RepairDocument> {
    return this.#inTurn(async () => {
      const { list: records } = this.#records();
      const object = this.#client.tree.pathTo(this.fid);
      const path = await pathOfFid(new UserSession(this.#client, this.uid), this.fid);
      const { replicas } = await this.#client.locate(this.fid.volume);
      const current = records.findIndex(({ sequence }) => this.#decisions.of(sequence) === undefined);
      return {
        id: String(this.id),
        path: path.replace(/^\/coda/, ''),
        type: this.fid.vnode % 2 === 1 ? 'directory' : 'file',
        kind: 'local/global',
        client: this.#client.name,
        servers: replicas.map(({ server }) => server),
        isResumed,
        mutations: records.map((record) => {
          const decision = this.#decisions.of(record.sequence);
          const mutation = toLocalMutation(record, object);
          return { mutation, ...(decision === undefined ? {} : { decision }) };
        }),
        current: current < 0 ? records.length : current,
      };
    });
  }

  /** The verdict about the next record without a decision. */
  check(): Promise<{ readonly mutation: LocalMutation; readonly verdict: Verdict } | undefined> {
    return this.#inTurn(async () => {
      const record = this.#current();
      if (!record) return undefined;
      return { mutation: this.#told(record), verdict: await this.#verdict(record) };
    });
  }

  /** Performs the current mutation in the workspace. @param how even against what is in its way */
  preserve(how: PreserveHow | undefined): Promise<Decided> {
    return this.#decide(async (record, performer) => {
      const verdict = await this.#verdict(record);
      if (verdict.kind === 'no conflict')
        return { decision: 'preserved', mapped: await performer.plainly(record) };
      const outcome = how && (await performer.against(record, verdict.obstruction, how));
      if (!outcome) return verdict;
      return outcome.kind === 'left out'
        ? { decision: 'discarded', mapped: [] }
        : { decision: 'preserved', mapped: outcome.mapped };
    }, how);
  }

  discard(): Promise<Decided> {
    return this.#decide(async (record, performer) => {
      return { decision: 'discarded', mapped: await performer.standIn(record) };
    });
  }

  skip(): Promise<Decided> {
    return this.#decide(() => Promise.resolve({ decision: 'skipped', mapped: [] }));
  }

  /** Takes the last decision back. @returns what is current then; nothing if there was no decision */
  undo(): Promise<LocalMutation | undefined> {
    return this.#inTurn(async () => {
      const { last } = this.#decisions;
      if (!last) return undefined;
      this.#checkNotSent();
      const { client } = await this.#open();
      if (!sameMark(markOf(client, this.fid.volume), last.after))
        fail(
          'EBUSY',
          'What is below global was changed by hand since; that would be lost. To leave all: abort.',
        );
      // The decision goes first: what it changed must never be without it, nor it without what it changed.
      const stored = { ...this.#stored, undecided: last.before };
      await this.#store.removeDecision(stored, this.#decisions.all.length - 1);
      this.#stored = stored;
      this.#decisions.removeLast();
      this.#cached = undefined;
      await this.#rollBack(client, last.before);
      const record = this.#current();
      return record && this.#told(record);
    });
  }

  /**
   * Sends the workspace to the servers as a whole; then the records that were decided leave the log.
   * @throws VenusError ETIMEDOUT if they cannot be reached: then it can be tried again
   */
  commit(): Promise<Ended> {
    return this.#inTurn(() => this.#commit());
  }

  /**
   * Ends it; everything is as it was before.
   * @throws VenusError EBUSY if it had been committed; ETIMEDOUT while that is not known
   */
  abort(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#stored.isSent && (await (await this.#open()).wasPerformed(this.fid.volume))) {
        await this.#commit();
        fail('EBUSY', 'It had been committed already.');
      }
      await this.#store.remove(this.id);
      this.#onEnd();
      // One that cannot be opened is no reason to stay expanded.
      const workspace = await this.#workspace?.catch(() => undefined);
      await (workspace ? workspace.destroy() : removeWorkspace(this.#directory));
    });
  }

  /** Others have changed something. */
  async noticeChanges(): Promise<void> {
    (await this.#workspace)?.noticeChanges();
  }

  async close(): Promise<void> {
    await this.#turn.catch(() => undefined);
    await (await this.#workspace)?.close();
  }

  async #commit(): Promise<Ended> {
    const workspace = await this.#open();
    const { volume } = this.fid;
    const touched = [...workspace.client.tree.logs.records(volume)].length > 0;
    if (touched || this.#stored.isSent) {
      const refused = await workspace.client.reintegrator.sendWhole(volume, () =>
        this.#put({ ...this.#stored, isSent: true }),
      );
      if (refused) {
        await this.#put({ ...this.#stored, isSent: false });
        workspace.noticeChanges();
        const mutation =
          refused.record && toLocalMutation(refused.record, workspace.client.tree.pathTo(this.fid));
        const verdict = mutation ? verdictOf(mutation, refused) : NO_CONFLICT;
        return { kind: 'overtaken', verdict, mutation };
      }
    }
    const ended = this.#decisions.all.filter(({ decision }) => decision !== 'skipped');
    const sequences = ended.map(({ sequence }) => sequence);
    const unused = await this.#client.tree.withdraw(
      volume,
      sequences,
      (writer) => this.#store.removeIn(writer, this.id),
      this.#decisions.madeIn(workspace.client),
    );
    this.#client.tree.cache.validity.breakAll();
    this.#onEnd();
    for (const container of unused) await this.#client.containers.remove(container);
    await workspace.destroy();
    this.#client.owners.wake(volume);
    await this.#client.reintegrator.reexamine(volume);
    const performed = ended.filter(({ decision }) => decision === 'preserved').length;
    return { kind: 'done', performed, discarded: ended.length - performed };
  }

  #decide(
    carryOut: (record: LogRecord, performer: Performer) => Promise<CarriedOut | Verdict>,
    how?: PreserveHow,
  ): Promise<Decided> {
    return this.#inTurn(async () => {
      const record = this.#current();
      if (!record) return { kind: 'nothing left' };
      this.#checkNotSent();
      const mutation = this.#told(record);
      const workspace = await this.#open();
      const before = markOf(workspace.client, this.fid.volume);
      await this.#put({ ...this.#stored, undecided: before });
      try {
        const result = await carryOut(record, this.#performer(workspace));
        if (!('kind' in result)) {
          const after = markOf(workspace.client, this.fid.volume);
          await this.#note({ ...unmadeBy(record, result), ...result, before, after });
          return { kind: 'done', mutation, decision: result.decision };
        }
        await this.#rollBack(workspace.client, before);
        return { kind: 'refused', mutation, verdict: result };
      } catch (error) {
        await this.#rollBack(workspace.client, before);
        if (!(error instanceof VenusError)) throw error;
        return { kind: 'refused', mutation, verdict: verdictOf(asNamed(mutation, how), error) };
      }
    });
  }

  /** Takes what the workspace has beyond a point out of it. */
  async #rollBack(client: CacheManager, mark: WorkspaceMark): Promise<void> {
    const { volume } = this.fid;
    const later = [...client.tree.logs.records(volume, mark.last)].map(({ sequence }) => sequence);
    const kept = client.tree.logs.state(volume).entries - later.length;
    if (kept !== mark.entries)
      fail(
        'EBUSY',
        'It took the place of an earlier change, so that it cannot be undone by itself. To leave all: abort.',
      );
    for (const container of await client.tree.withdraw(volume, later))
      await client.containers.remove(container);
    if (this.#stored.undecided) await this.#put(withoutUndecided(this.#stored));
  }

  async #note(decision: StoredDecision): Promise<void> {
    const stored = withoutUndecided(this.#stored);
    await this.#store.putDecision(stored, this.#decisions.all.length, decision);
    this.#stored = stored;
    this.#decisions.add(decision);
  }

  async #verdict(record: LogRecord): Promise<Verdict> {
    const told = this.#told(record);
    const { mutation } = record;
    const needed = [...directoriesOf(mutation), ...(isMaking(mutation) ? [] : [mutation.fid])];
    if (needed.some((fid) => this.#decisions.isUnmade(fid)))
      return { kind: 'conflict', obstruction: 'dependent', target: told.path, why: LEFT_OUT };
    const base = this.#client.tree.lastKnown(mutation.fid);
    const global = (await this.#open()).session(this.uid);
    return examine(global, this.#decisions.map.apply(mutation), base, told);
  }

  #performer(workspace: Workspace): Performer {
    return new Performer({
      main: this.#client.tree,
      session: workspace.session(this.uid),
      map: this.#decisions.map,
      contentsOf: (record) => workspace.receive(record),
    });
  }

  #records(): Records {
    const mark = markOf(this.#client, this.fid.volume);
    if (!this.#cached || !sameMark(this.#cached.mark, mark))
      this.#cached = { mark, list: recordsBelow(this.#client.tree, this.fid), current: 0 };
    return this.#cached;
  }

  #current(): LogRecord | undefined {
    const records = this.#records();
    for (; ; records.current += 1) {
      const record = records.list[records.current];
      if (!record || this.#decisions.of(record.sequence) === undefined) return record;
    }
  }

  #told(record: LogRecord): LocalMutation {
    return toLocalMutation(record, this.#client.tree.pathTo(this.fid));
  }

  async #global(): Promise<UserSession> {
    return (await this.#open()).session(this.uid);
  }

  /** What was sent may have been performed: it can only be sent again. */
  #checkNotSent(): void {
    if (this.#stored.isSent)
      fail('EBUSY', 'It was sent, and the answer did not come: it can only be committed once more.');
  }

  get #directory(): string {
    return workspaceIn(this.#client.directory, this.id);
  }

  async #open(): Promise<Workspace> {
    this.#workspace ??= this.#openWorkspace();
    try {
      return await this.#workspace;
    } catch (error) {
      // What is in the way may go, as a full disk does.
      this.#workspace = undefined;
      throw error;
    }
  }

  async #openWorkspace(): Promise<Workspace> {
    const workspace = await Workspace.open(this.#client, this.#directory, this.fid.volume);
    try {
      if (this.#stored.undecided) await this.#rollBack(workspace.client, this.#stored.undecided);
      return workspace;
    } catch (error) {
      await workspace.close();
      throw error;
    }
  }

  async #put(stored: StoredRepair): Promise<void> {
    await this.#store.put(stored);
    this.#stored = stored;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** The records that a session is about, as long as the log has the same mark. */
interface Records {
  readonly mark: WorkspaceMark;
  readonly list: readonly LogRecord[];
  /** Where those without a decision begin at the earliest. */
  current: number;
}

function withoutUndecided({ undecided, ...stored }: StoredRepair): StoredRepair {
  return undecided === undefined ? stored : { ...stored };
}
