import type { Fid } from '../../ipc/fid.ts';
import type { StoreId } from '../../ipc/versionVector.ts';
import type { ReintegrationAnswer } from '../net/fileProtocol.ts';
import { type Mutation, directoriesOf, isMaking } from '../net/mutation.ts';
import type { Database, Writer } from '../store/database.ts';
import { apply } from '../tree/apply.ts';
import type { Identity } from '../tree/identity.ts';
import type { Vnode } from '../tree/vnodes.ts';
import type { ObjectCache } from './cache/objectCache.ts';
import type { StoreIds } from './storeIds.ts';
import type { ModifyLogs } from './log/modifyLog.ts';
import { LocalState } from './log/localState.ts';
import type { Conflict, LogRecord } from './log/record.ts';

/** Somebody who changes something, and when. */
export interface Author {
  readonly uid: number;
  readonly identity: Identity;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A mutation to be made, and for a store the container of its contents. */
export interface NewMutation {
  readonly mutation: Mutation;
  readonly container?: number | undefined;
}

/** What the servers have, and a name of it there. */
export interface MadeObject {
  readonly vnode: Vnode;
  readonly name: string;
}

/** What a change was planned on is not so any more: it is to be planned again. */
export class OvertakenError extends Error {}

/** Stands for what cannot be told (spec/cml.md, 5.5). */
export const UNKNOWN = '???';

/** What a change has come to. */
export interface Changed {
  /** Of the records in the log. */
  readonly sequences: readonly number[];
  /** Containers that nobody needs any more. */
  readonly unused: readonly number[];
  /** Files whose contents have come or gone. */
  readonly stored: readonly Fid[];
}

/**
 * The objects that a client keeps together with its modify logs: a change is made in both at once, so that after
 * any crash the tree is that of the servers with the log performed on it.
 */
export class ClientTree {
  readonly cache: ObjectCache;
  readonly logs: ModifyLogs;
  readonly #database: Database;
  readonly #storeIds: StoreIds;
  readonly #local: LocalState;

  constructor(database: Database, cache: ObjectCache, logs: ModifyLogs, storeIds: StoreIds) {
    this.#database = database;
    this.#storeIds = storeIds;
    this.cache = cache;
    this.logs = logs;
    this.#local = new LocalState(database, cache, logs);
  }

  /** Of an object with changes in a log: the last update that the servers told of. */
  lastKnown(fid: Fid): StoreId | undefined {
    return this.#local.lastKnown(fid);
  }

  /**
   * Makes mutations here, all or none, and logs them. On the disk when it resolves.
   * @param build says what to do, from the state that it finds
   * @throws VenusError with the errno of what forbids it; OvertakenError if what it changes is not all here any more
   */
  async change(
    volume: number,
    author: Author,
    isSentAtOnce: boolean,
    build: (writer: Writer) => readonly NewMutation[],
  ): Promise<Changed> {
    return this.logs.transaction((writer) => {
      const sequences: number[] = [];
      const unused: number[] = [];
      const stored: Fid[] = [];
      for (const planned of build(writer)) {
        const { mutation, container } = planned;
        if (mutation.op === 'store' || mutation.op === 'remove') stored.push(mutation.fid);
        const storeId = this.#storeIds.take();
        const paths = this.#pathsOf(mutation);
        unused.push(...this.#perform(writer, author, planned, storeId));
        const logged = this.logs.append(writer, volume, {
          storeId,
          time: author.now,
          uid: author.uid,
          viceId: author.identity.viceId,
          mutation,
          ...paths,
          ...(container === undefined ? {} : { container }),
        });
        unused.push(...logged.unused);
        this.#local.letGoOf(writer, logged.cancelled);
        if (logged.record) sequences.push(logged.record.sequence);
      }
      const last = sequences.at(-1);
      if (isSentAtOnce && last !== undefined) this.logs.noteSent(writer, volume, last);
      return { sequences, unused: this.#unneeded(unused), stored };
    });
  }

  noteSent(volume: number, sequence: number): Promise<void> {
    if (this.logs.isSent(volume, sequence)) return Promise.resolve();
    return this.#database.transaction((writer) => this.logs.noteSent(writer, volume, sequence));
  }

  /** Takes records that the servers have performed out of the log. @returns containers that nobody needs any more */
  settle(
    volume: number,
    batch: readonly LogRecord[],
    { versions, stale }: Extract<ReintegrationAnswer, { kind: 'done' }>,
    inDoubt: boolean,
  ): Promise<readonly number[]> {
    return this.#shorten((writer) => {
      for (const record of batch) this.logs.remove(writer, volume, record);
      for (const fid of stale) this.#local.noteStale(writer, fid);
      if (inDoubt) {
        for (const { fid } of versions)
          if (this.cache.vnodes.find(fid)?.type === 'directory') this.#local.noteStale(writer, fid);
      }
      return [...this.#local.settle(writer, batch, versions), ...this.#containersOf(batch)];
    });
  }

  /**
   * Takes records out of the log, and what they changed here. What others in the log are about stays, with all that those
   * changed; the rest is again as the servers last told of it.
   * @param made what the servers have made of them by now
   * @returns containers that nobody needs any more
   */
  withdraw(
    volume: number,
    sequences: readonly number[],
    inTheSameStep: (writer: Writer) => void = () => undefined,
    made: readonly MadeObject[] = [],
  ): Promise<readonly number[]> {
    return this.#shorten((writer) => {
      inTheSameStep(writer);
      for (const { vnode, name } of made) this.#local.noteMade(writer, vnode, name);
      const records = [...this.logs.records(volume)];
      const taken = new Set(sequences);
      const gone = records.filter(({ sequence }) => taken.has(sequence));
      for (const record of gone) this.logs.remove(writer, volume, record);
      return [...this.#local.rebuild(writer, records, gone), ...this.#containersOf(gone)];
    });
  }

  /**
   * Throws away the records of a log up to one, as {@link ClientTree.withdraw}.
   * @returns containers that nobody needs any more
   */
  purge(volume: number, last: number): Promise<readonly number[]> {
    const sequences: number[] = [];
    for (const { sequence } of this.logs.records(volume)) if (sequence <= last) sequences.push(sequence);
    return this.withdraw(volume, sequences);
  }

  /** Marks the records that the servers would refuse, and unmarks the others. @param conflicts by sequence */
  async markConflicts(volume: number, conflicts: ReadonlyMap<number, Conflict>): Promise<void> {
    await this.logs.transaction((writer) => {
      const marked = this.logs.conflicts(volume).map(({ sequence }) => sequence);
      for (const sequence of new Set([...marked, ...conflicts.keys()])) {
        const record = this.logs.get(volume, sequence);
        if (record) this.logs.setConflict(writer, volume, record, conflicts.get(sequence));
      }
    });
  }

  async #shorten(change: (writer: Writer) => readonly number[]): Promise<readonly number[]> {
    return this.#unneeded(await this.logs.transaction(change));
  }

  #perform(
    writer: Writer,
    { identity, now }: Author,
    { mutation, container }: NewMutation,
    storeId: StoreId,
  ) {
    const { vnodes } = this.cache;
    const directories = directoriesOf(mutation);
    // A name put into a directory whose entries are being fetched anew would be lost.
    const isHere = directories.every((directory) => this.cache.isComplete(directory));
    if (!isHere || (!isMaking(mutation) && !vnodes.find(mutation.fid))) throw new OvertakenError();
    const touched = [...directories, mutation.fid];
    this.cache.validity.overtake(touched);
    this.#local.remember(writer, mutation);
    const contents = mutation.op === 'store' ? { length: mutation.length, container } : undefined;
    const dropped = apply({ vnodes, writer, identity, storeId, now }, mutation, contents);
    if (mutation.op === 'mkdir') this.cache.noteMade(writer, mutation.fid);
    if (mutation.op === 'rmdir') this.cache.forgetEntries(writer, mutation.fid);
    return dropped === undefined ? [] : [dropped];
  }

  /** Where the object of a mutation is, from the root of the volume; for something new, where it will be. */
  #pathsOf(mutation: Mutation): Pick<LogRecord, 'path' | 'toPath'> {
    switch (mutation.op) {
      case 'create':
      case 'mkdir':
      case 'symlink':
      case 'link':
      case 'remove':
      case 'rmdir':
        return { path: joinNames(this.pathTo(mutation.parent), mutation.name) };
      case 'rename':
        return {
          path: joinNames(this.pathTo(mutation.fromParent), mutation.fromName),
          toPath: joinNames(this.pathTo(mutation.toParent), mutation.toName),
        };
      case 'store':
      case 'chmod':
      case 'chown':
      case 'utimes':
        return { path: this.pathTo(mutation.fid) };
    }
  }

  /** Looks at what is here when no change is under way. */
  betweenChanges<Result>(look: () => Result): Promise<Result> {
    return this.#database.transaction(look);
  }

  /** The path of an object from the root of its volume, as far as it is known here. */
  pathTo(fid: Fid): string {
    const vnode = this.cache.vnodes.find(fid);
    if (!vnode?.parent) return vnode || isVolumeRoot(fid) ? '' : UNKNOWN;
    const name = this.cache.vnodes.nameOf(vnode) ?? UNKNOWN;
    return joinNames(this.pathTo(vnode.parent), name);
  }

  /** The other names of a file, as paths from the root of its volume. */
  otherNames(fid: Fid, path: string): readonly string[] {
    const vnode = this.cache.vnodes.find(fid);
    if (!vnode?.parent) return [];
    const directory = this.pathTo(vnode.parent);
    return this.cache.vnodes
      .namesOf(vnode)
      .map((name) => joinNames(directory, name))
      .filter((name) => name !== path);
  }

  #containersOf(records: readonly LogRecord[]): readonly number[] {
    return records.flatMap(({ mutation, container }) => {
      if (container === undefined) return [];
      const vnode = this.cache.vnodes.find(mutation.fid);
      return vnode?.type === 'file' && vnode.container === container ? [] : [container];
    });
  }

  #unneeded(containers: readonly number[]): readonly number[] {
    return containers.filter((container) => !this.logs.usesContainer(container));
  }
}

/** It has no name in its volume, so that its path is known without it. */
function isVolumeRoot({ vnode, unique }: Fid): boolean {
  return vnode === 1 && unique === 1;
}

function joinNames(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}
