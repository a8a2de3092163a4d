import { errno as errnoOf } from '../../../ipc/errno.ts';
import { VenusError, isErrno } from '../../../ipc/errors.ts';
import { formatFid } from '../../../ipc/fid.ts';
import type { NewVenusEvent } from '../../../ipc/venusEvent.ts';
import type { LogObstacle } from '../../../ipc/logObstacles.ts';
import { logFault } from '../../log.ts';
import type { Credentials, FileProtocol, ReintegrationAnswer } from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import type { Containers } from '../../store/containers.ts';
import type { ClientTree } from '../clientTree.ts';
import { type Events, whenPercentChanges } from '../events.ts';
import type { VolumeServer } from '../vsg/storageGroup.ts';
import { takeBatch, toSent } from './batch.ts';
import { findConflicts } from './conflictSearch.ts';
import { Pace } from './pace.ts';
import { type Conflict, type LogRecord, bytesOf, objectsOf } from './record.ts';
import { RoomWaits } from './roomWaits.ts';
import type { RoundProgress, Rounds } from './rounds.ts';
import { upload } from './uploads.ts';
import { Waiters } from './waiters.ts';

export interface ReintegratorOptions {
  /** Name of the client. */
  readonly client: string;
  readonly tree: ClientTree;
  readonly containers: Containers;
  readonly events: Events;
  readonly rounds: Rounds;
  readonly nameOf: (volume: number) => string;
  /** The path of a record's object, from `/coda`. */
  readonly pathOf: (record: LogRecord) => string;
  /** Told when a log has become shorter. */
  readonly onShorter: (volume: number) => void;
  /** Resolves when the log has been copied as far as possible (spec/cml.md, 2.3). */
  readonly beforeConflict: (volume: number) => Promise<void>;
  readonly serverOf: (volume: number) => Promise<VolumeServer>;
  /** With what a record may be sent; nothing as long as its maker has no valid token. */
  readonly credentialsFor: (record: LogRecord) => Credentials | undefined;
  /** Whether a record has waited as long as it should. */
  readonly isOldEnough: (volume: number, record: LogRecord) => boolean;
  /** Whether somebody decides about records of a log: then they stay as they are. */
  readonly isUnderRepair: (volume: number) => boolean;
  /** Milliseconds that one round may take; 0 for as long as it takes. */
  readonly timeLimitOf: (volume: number) => number;
}

type Refusal = Extract<ReintegrationAnswer, { kind: 'refused' }>;

const EACCES = errnoOf('EACCES');
/** What passes by itself: the log waits, and is sent again. */
const TRANSIENT: ReadonlySet<string> = new Set(['ETIMEDOUT', 'ESTALE', 'EMFILE', 'EIO']);

/** Sends the modify logs of a client to the servers, each volume by itself (spec/cml.md, 2). */
export class Reintegrator {
  readonly #options: ReintegratorOptions;
  readonly #running = new Map<number, Promise<void>>();
  readonly #again = new Set<number>();
  readonly #waiters = new Waiters();
  /** Contents that the servers have and no record used yet: the handles by volume and record. */
  readonly #uploaded = new Map<number, Map<number, number>>();
  readonly #obstacles = new Map<number, LogObstacle>();
  readonly #room = new RoomWaits();
  readonly #pace = new Pace();
  /** Volumes whose answer was lost: what they know of directories afterwards is not to be trusted. */
  readonly #inDoubt = new Set<number>();
  /** Volumes whose records go whatever their age. */
  readonly #forced = new Set<number>();
  #isClosed = false;

  constructor(options: ReintegratorOptions) {
    this.#options = options;
    const { logs } = options.tree;
    // What was sent before the last end may have been performed without an answer.
    for (const volume of logs.volumes())
      if (logs.isSent(volume, logs.head(volume)?.sequence ?? Infinity)) this.#inDoubt.add(volume);
  }

  obstacle(volume: number): LogObstacle | undefined {
    return this.#obstacles.get(volume);
  }

  isRunning(volume: number): boolean {
    return this.#running.has(volume);
  }

  /** How far it is with a log that is being sent. */
  progress(volume: number): RoundProgress | undefined {
    return this.#options.rounds.progress(volume);
  }

  /** The servers may have room now for what they had none for. */
  retry(volume: number): void {
    this.#room.end(volume);
    void this.kick(volume);
  }

  /** Sends what may be sent. Resolves when nothing may any more. */
  kick(volume: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const running = this.#running.get(volume);
    if (running) {
      this.#again.add(volume);
      return running;
    }
    const run = this.#run(volume)
      .catch((error: unknown) => this.#fail(volume, error))
      .finally(() => {
        this.#running.delete(volume);
        // Somebody may have come while it ended.
        if (this.#again.has(volume)) void this.kick(volume);
      });
    this.#running.set(volume, run);
    return run;
  }

  /** Sends all that there is, however young it is. Resolves when it has gone, or something is in the way. */
  async force(volume: number): Promise<void> {
    this.#forced.add(volume);
    try {
      await this.#running.get(volume);
      await this.#lookAgain(volume);
      await this.kick(volume);
    } finally {
      this.#forced.delete(volume);
    }
  }

  /**
   * Sends a whole log in one piece, which is performed as a whole or not at all, whatever its age.
   * @param beforeSending called when nothing has been performed yet, and all is ready for it
   * @returns what was refused, if anything was: then nothing has been performed
   * @throws VenusError ETIMEDOUT if the answer did not come: then it may have been performed, and can be sent again
   */
  async sendWhole(
    volume: number,
    beforeSending: () => Promise<void>,
  ): Promise<(Refusal & { readonly record: LogRecord | undefined }) | undefined> {
    const batch = [...this.#options.tree.logs.records(volume)];
    const server = await this.#options.serverOf(volume);
    const ready = async () => {
      // One that cannot be reached has performed nothing.
      await server.call('probe', null);
      await beforeSending();
    };
    try {
      const refused = await this.#send(volume, batch, ready);
      return refused && { ...refused, record: batch[refused.index] };
    } catch (error) {
      this.#inDoubt.add(volume);
      throw error;
    }
  }

  /** Finds out anew which records are in conflict, and sends what may be sent. */
  async reexamine(volume: number): Promise<void> {
    await this.#lookAgain(volume);
    await this.kick(volume);
  }

  /** What was in the way of records may have gone. */
  async #lookAgain(volume: number): Promise<void> {
    const { logs } = this.#options.tree;
    const head = logs.head(volume);
    if (head && logs.hasConflict(volume) && !this.#options.isUnderRepair(volume))
      await this.#markConflicts(volume, head, undefined);
  }

  /**
   * Waits until records are on the servers. Resolves, too, when they have to wait for something.
   * @throws VenusError if the servers refuse one of them: then all of them are withdrawn
   */
  async performed(volume: number, sequences: readonly number[]): Promise<void> {
    if (sequences.length === 0 || this.#isClosed) return;
    const done = this.#waiters.add(volume, sequences);
    void this.kick(volume);
    return done;
  }

  /** Gives up what was sent ahead of a log that will not be sent. */
  async giveUp(volume: number): Promise<void> {
    if (this.#uploaded.get(volume)?.size) await this.#abandon(volume, await this.#options.serverOf(volume));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#running.values());
  }

  async #run(volume: number): Promise<void> {
    let limit = Infinity;
    do {
      this.#again.delete(volume);
      for (let goesOn = true; goesOn && !this.#isClosed;) {
        const batch = this.#take(volume).slice(0, limit);
        limit = Infinity;
        const [head] = batch;
        if (!head) break;
        this.#options.rounds.begin(volume, head);
        const refused = await this.#send(volume, batch);
        if (refused === undefined) continue;
        const verdict = await this.#refuse(volume, batch, refused);
        if (verdict === 'send those before') limit = refused.index;
        else await this.#abandon(volume, await this.#options.serverOf(volume));
        goesOn = verdict !== 'stop';
      }
    } while (this.#again.has(volume) && !this.#isClosed);
    this.#options.rounds.end(volume, this.#obstacles.get(volume));
    this.#release(volume);
  }

  #take(volume: number): readonly LogRecord[] {
    const { tree, credentialsFor } = this.#options;
    const isForced = this.#forced.has(volume);
    const isOldEnough = (record: LogRecord) =>
      isForced || this.#room.wasTried(volume, record) || this.#options.isOldEnough(volume, record);
    const head = tree.logs.head(volume);
    this.#obstacles.delete(volume);
    if (!head) return [];
    const obstacle = head.conflict
      ? 'conflict'
      : !credentialsFor(head)
        ? 'no token'
        : (this.#room.obstacle(volume, head, isForced) ?? (isOldEnough(head) ? undefined : 'age'));
    if (obstacle) {
      if (obstacle === 'no token') this.#options.rounds.awaitsTokens(volume, head);
      this.#stop(volume, obstacle);
      return [];
    }
    const maxBytes = this.#pace.bytesIn(volume, this.#options.timeLimitOf(volume));
    return takeBatch(tree.logs.records(volume), isOldEnough, maxBytes);
  }

  /** @returns what was refused, if anything was */
  async #send(
    volume: number,
    batch: readonly LogRecord[],
    ready: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Refusal | undefined> {
    const { tree, client } = this.#options;
    const [head] = batch;
    const last = batch.at(-1);
    if (!head || !last) return undefined;
    const credentials = this.#options.credentialsFor(head) ?? {};
    const server = await this.#options.serverOf(volume);
    // What goes to a server that cannot be reached is not sent, and later changes may still make it needless.
    if (!server.hasAnswered) await server.call('probe', null);
    await tree.noteSent(volume, last.sequence);
    // What was changed while the mark was made may have cancelled some of them; from here on nothing can.
    const marked = batch.flatMap(({ sequence }) => tree.logs.get(volume, sequence) ?? []);
    if (marked.length === 0) return undefined;
    const handles = this.#uploaded.get(volume) ?? new Map<number, number>();
    this.#uploaded.set(volume, handles);
    const measured = this.#pace.begin(volume);
    const refused = await this.#upload(server, marked, handles);
    if (refused)
      return { ...refused, index: batch.findIndex(({ sequence }) => sequence === refused.sequence) };
    const { records, known } = toSent(marked, handles, (fid) => tree.lastKnown(fid));
    await ready();
    const checks = marked.flatMap(objectsOf).map((fid) => tree.cache.validity.begin(fid));
    try {
      const answer = await server.call('reintegrate', { credentials, client, volume, records, known });
      if (answer.kind === 'refused') {
        const sequence = marked[answer.index]?.sequence;
        return { ...answer, index: batch.findIndex((record) => record.sequence === sequence) };
      }
      for (const { sequence } of marked) handles.delete(sequence);
      measured(marked.reduce((sum, record) => sum + bytesOf(record), 0));
      await this.#settle(volume, marked, answer);
      // What the servers have is what is here; they have promised to tell of changes.
      if (answer.stale.length === 0) for (const check of checks) check.succeed();
    } catch (error) {
      // The server does not remember all of it: next time it is sent again.
      if (isErrno(error, 'ESTALE')) await this.#abandon(volume, server);
      throw error;
    } finally {
      for (const check of checks) check.end();
    }
    return undefined;
  }

  /** Sends the contents of stores ahead, those that the server does not have. @returns the first that is refused */
  async #upload(
    server: Remote<FileProtocol>,
    batch: readonly LogRecord[],
    handles: Map<number, number>,
  ): Promise<(Refusal & { readonly sequence: number }) | undefined> {
    const { containers, events, nameOf, pathOf } = this.#options;
    for (const record of batch) {
      if (record.mutation.op !== 'store' || handles.has(record.sequence)) continue;
      const { sequence, uid, mutation } = record;
      const about = { volume: nameOf(mutation.fid.volume), path: pathOf(record), uid };
      const progress = whenPercentChanges((sent, length) =>
        events.report({ kind: 'storeProgress', ...about, sent, length }),
      );
      try {
        handles.set(sequence, await upload(server, containers, record, progress));
      } catch (error) {
        if (!(error instanceof VenusError) || TRANSIENT.has(error.errnoName)) throw error;
        return { kind: 'refused', index: 0, sequence, errno: error.errno, why: error.why };
      }
    }
    return undefined;
  }

  /** Gives up contents that were sent. What cannot be told to the server, it finds out by itself after a while. */
  async #abandon(volume: number, server: Remote<FileProtocol>): Promise<void> {
    const handles = [...(this.#uploaded.get(volume)?.values() ?? [])];
    this.#uploaded.delete(volume);
    for (const handle of handles) await server.call('abandonStore', { handle }).catch(() => undefined);
  }

  async #settle(
    volume: number,
    batch: readonly LogRecord[],
    answer: Extract<ReintegrationAnswer, { kind: 'done' }>,
  ): Promise<void> {
    const { tree, containers } = this.#options;
    const unused = await tree.settle(volume, batch, answer, this.#inDoubt.has(volume));
    this.#inDoubt.delete(volume);
    this.#options.rounds.settled(volume, batch);
    for (const container of unused) await containers.remove(container);
    this.#waiters.performed(volume, batch.at(-1)?.sequence ?? 0);
    this.#options.onShorter(volume);
  }

  /** Somebody who waits is told, and what he changed is withdrawn; what nobody waits for stays, as a conflict. */
  async #refuse(
    volume: number,
    batch: readonly LogRecord[],
    { index, errno, why }: Refusal,
  ): Promise<'go on' | 'send those before' | 'stop'> {
    const record = batch[index];
    if (!record) return 'stop';
    if (errno === EACCES && !this.#options.credentialsFor(record)) {
      // The token ended while it was sent: that is no conflict.
      this.#options.rounds.awaitsTokens(volume, record);
      this.#stop(volume, 'no token');
      return 'stop';
    }
    const reason = why === undefined ? {} : { why };
    const waiter = this.#waiters.find(volume, record.sequence);
    const [first = 0] = waiter?.sequences ?? [];
    if (waiter && (index === 0 || batch.some(({ sequence }) => sequence === first))) {
      const unused = await this.#options.tree.withdraw(volume, waiter.sequences);
      for (const container of unused) await this.#options.containers.remove(container);
      this.#options.onShorter(volume);
      this.#waiters.refuse(volume, waiter, new VenusError(errno, reason));
      return 'go on';
    }
    if (index > 0) return 'send those before';
    const obstacle = this.#room.note(volume, record, errno);
    if (obstacle) {
      this.#stop(volume, obstacle);
      return 'stop';
    }
    await this.#options.beforeConflict(volume);
    await this.#markConflicts(volume, record, { errno, ...reason });
    this.#options.events.report(this.#conflictOf(record, why));
    this.#stop(volume, 'conflict');
    return 'stop';
  }

  #conflictOf(record: LogRecord, why: string | undefined): NewVenusEvent {
    const about = { path: this.#options.pathOf(record), fid: formatFid(record.mutation.fid) };
    return { kind: 'conflict', between: 'local/global', ...about, ...(why === undefined ? {} : { why }) };
  }

  /** Marks a record that was refused, if one was, and whatever else would be. */
  async #markConflicts(volume: number, record: LogRecord, conflict: Conflict | undefined): Promise<void> {
    const { tree, serverOf, credentialsFor } = this.#options;
    const found = new Map(conflict ? [[record.sequence, conflict]] : []);
    const credentials = credentialsFor(record);
    // Without a token everything would be refused, which says nothing.
    if (!credentials && !conflict) return;
    const server = await serverOf(volume);
    const conflicts = credentials ? await findConflicts(tree, server, credentials, volume, found) : found;
    await tree.markConflicts(volume, conflicts);
  }

  #fail(volume: number, error: unknown): void {
    this.#inDoubt.add(volume);
    // Where a server lost contents that it had, they are sent again.
    if (!isErrno(error, 'ETIMEDOUT', 'ESTALE')) logFault(`reintegration of ${volume.toString(16)}`, error);
    this.#stop(volume, isErrno(error, 'ETIMEDOUT') ? 'unreachable' : 'fault');
    this.#options.rounds.end(volume, this.#obstacles.get(volume));
    this.#release(volume);
  }

  #stop(volume: number, obstacle: LogObstacle): void {
    this.#obstacles.set(volume, obstacle);
  }

  #release(volume: number): void {
    if (!this.#again.has(volume)) this.#waiters.release(volume);
  }
}
