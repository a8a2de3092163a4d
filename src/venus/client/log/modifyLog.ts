import type { Fid } from '../../../ipc/fid.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';
import type { Mutation } from '../../net/mutation.ts';
import { ContainerCount, Holder } from '../cache/containerCount.ts';
import { ConflictIndex } from './conflictIndex.ts';
import { type Optimised, canOptimise, optimise } from './optimise.ts';
import { type StoredRecord, fromStored, toStored } from './storedRecord.ts';
import { type Conflict, type LogRecord, RECORD_SIZE, bytesOf, objectsOf } from './record.ts';

/** What is known of the log of one volume without reading it. */
export interface LogState {
  readonly entries: number;
  readonly bytes: number;
  /** The local uid whose changes are in it; none if it is empty. */
  readonly owner: number | undefined;
}

type NewRecord = Omit<LogRecord, 'sequence'>;

/**
 * The modify logs of a client, one for each volume: what was changed here and is not on the servers yet. All of it is
 * in the client's store, so that it outlives the process; counts are kept beside it.
 */
export class ModifyLogs {
  readonly #database: Database;
  /** The containers that records name, and those that others count here. */
  readonly containers = new ContainerCount();
  readonly #records: Table<StoredRecord>;
  /** Records by the objects that they are about. */
  readonly #byObject: Table<true>;
  /** The next sequence number of each volume: none is used twice. */
  readonly #next: Table<number>;
  /** Records up to this one may have been performed by the servers, whose answer did not come. */
  readonly #sent: Table<number>;
  readonly #states = new Map<number, LogState>();
  /** How to take back what the transaction under way has counted. */
  #counted: (() => void)[] | undefined;
  readonly #conflicts = new ConflictIndex();
  readonly #keepsAll: boolean;

  /** @param keepsAll whether records stay that later ones make needless, so that each can be taken back */
  constructor(database: Database, keepsAll = false) {
    this.#keepsAll = keepsAll;
    this.#database = database;
    this.#records = database.table('log');
    this.#byObject = database.table('logByObject');
    this.#next = database.table('logNext');
    this.#sent = database.table('logSent');
    for (const { value } of this.#records.all()) this.#count(fromStored(value), 1);
  }

  state(volume: number): LogState {
    return this.#states.get(volume) ?? EMPTY;
  }

  /** Bytes of the contents that wait. */
  contents(volume: number): number {
    const { entries, bytes } = this.state(volume);
    return bytes - entries * RECORD_SIZE;
  }

  volumes(): readonly number[] {
    return [...this.#states.keys()];
  }

  /** The records of a volume, oldest first. @param after skips those up to this one */
  *records(volume: number, after?: number): Generator<LogRecord> {
    const start = after === undefined ? undefined : key(volume, after);
    for (const { value } of this.#records.entries(key(volume), start)) yield fromStored(value);
  }

  /** Some of the records of a volume, oldest first; none after the last. */
  page(volume: number, after?: number): readonly LogRecord[] {
    const page: LogRecord[] = [];
    for (const record of this.records(volume, after)) {
      page.push(record);
      if (page.length === PAGE) break;
    }
    return page;
  }

  get(volume: number, sequence: number): LogRecord | undefined {
    const found = this.#records.get(key(volume, sequence));
    return found && fromStored(found);
  }

  head(volume: number): LogRecord | undefined {
    for (const record of this.records(volume)) return record;
    return undefined;
  }

  /** Whether the contents that wait for a server are in a container. */
  usesContainer(container: number): boolean {
    return this.containers.isHeld(container, Holder.Log);
  }

  /** Whether a container is needed no more when new contents of its file are stored. */
  goesWithStore(fid: Fid, container: number): boolean {
    if (!this.usesContainer(container)) return true;
    const { cancelled } = this.#optimise(fid.volume, { op: 'store', fid, length: 0 });
    return cancelled.some((record) => record.container === container);
  }

  /** The newest record. */
  last(volume: number): LogRecord | undefined {
    for (const { value } of this.#records.backwards(key(volume))) return fromStored(value);
    return undefined;
  }

  /** Whether any record is about an object. */
  isDirty(fid: Fid): boolean {
    for (const entry of this.#byObject.entries(objectKey(fid))) return entry.value;
    return false;
  }

  /**
   * Adds a record, and takes out those that it makes needless.
   * @returns the record, unless it was not needed itself, those that were taken out, and the containers that nobody needs
   * any more
   */
  append(
    writer: Writer,
    volume: number,
    added: NewRecord,
  ): {
    readonly record: LogRecord | undefined;
    readonly cancelled: readonly LogRecord[];
    readonly unused: readonly number[];
  } {
    const { cancelled, needed } = this.#optimise(volume, added.mutation);
    for (const record of cancelled) this.remove(writer, volume, record);
    const unused = cancelled.flatMap(({ container }) => (container === undefined ? [] : [container]));
    if (!needed) return { record: undefined, cancelled, unused };
    const sequence = this.#next.get(key(volume)) ?? 1;
    writer.put(this.#next, key(volume), sequence + 1);
    const record = { ...added, sequence };
    this.#put(writer, volume, record);
    this.#count(record, 1);
    return { record, cancelled, unused };
  }

  remove(writer: Writer, volume: number, record: LogRecord): void {
    if (!this.get(volume, record.sequence)) return;
    writer.remove(this.#records, key(volume, record.sequence));
    for (const fid of objectsOf(record)) writer.remove(this.#byObject, indexKey(fid, record.sequence));
    this.#count(record, -1);
  }

  /** Nothing up to a record is made needless by later ones any more: the servers may have performed it. */
  noteSent(writer: Writer, volume: number, sequence: number): void {
    if (sequence > (this.#sent.get(key(volume)) ?? 0)) writer.put(this.#sent, key(volume), sequence);
  }

  /** Whether the servers have refused a record. */
  hasConflict(volume: number): boolean {
    return this.#conflicts.hasAny(volume);
  }

  /** Whether an object shows as one in conflict. */
  isInConflict(fid: Fid): boolean {
    return this.#conflicts.isInConflict(fid);
  }

  /** The records that the servers have refused, oldest first. */
  conflicts(volume: number): readonly LogRecord[] {
    return this.#conflicts.recordsOf(volume).flatMap((sequence) => this.get(volume, sequence) ?? []);
  }

  isSent(volume: number, sequence: number): boolean {
    return sequence <= (this.#sent.get(key(volume)) ?? 0);
  }

  /** @param conflict nothing if it is over */
  setConflict(writer: Writer, volume: number, record: LogRecord, conflict: Conflict | undefined): void {
    const { conflict: before, ...rest } = record;
    const changed = conflict === undefined ? rest : { ...rest, conflict };
    if (before === undefined && conflict === undefined) return;
    writer.put(this.#records, key(volume, record.sequence), toStored(changed));
    this.#noteConflict(changed, conflict !== undefined);
    this.#counted?.push(() => this.#noteConflict(record, before !== undefined));
  }

  /** Changes logs, and what else the change does. The counts are as before when it is undone. */
  async transaction<Result>(change: (writer: Writer) => Result): Promise<Result> {
    const counted: (() => void)[] = [];
    try {
      return await this.#database.transaction((writer) => {
        this.#counted = counted;
        try {
          return change(writer);
        } finally {
          this.#counted = undefined;
        }
      });
    } catch (error) {
      // Others may have counted since, so that what was counted is taken back one by one.
      for (const takeBack of counted.reverse()) takeBack();
      throw error;
    }
  }

  #optimise(volume: number, mutation: Mutation): Optimised {
    // A directory may have any number of records, of its entries too, and a file any number of names and renames.
    if (this.#keepsAll || !canOptimise(mutation)) return { cancelled: [], needed: true };
    const sent = this.#sent.get(key(volume)) ?? 0;
    const earlier = this.about(mutation.fid);
    const isUntouched = earlier.every(({ sequence, conflict }) => sequence > sent && conflict === undefined);
    const candidates = earlier.filter(({ sequence, conflict }) => sequence > sent && conflict === undefined);
    const isAlone = earlier.every((record) => record.mutation.fid.vnode === mutation.fid.vnode);
    const result = optimise(mutation, candidates, isAlone);
    // An object that began in what was sent has to be removed there.
    return isUntouched ? result : { ...result, needed: true };
  }

  /** Records about an object, oldest first. */
  about(fid: Fid): readonly LogRecord[] {
    const prefix = objectKey(fid);
    const found: LogRecord[] = [];
    for (const entry of this.#byObject.entries(prefix)) {
      const view = new DataView(entry.key.buffer, entry.key.byteOffset + prefix.length, 4);
      const record = this.get(fid.volume, view.getUint32(0));
      if (record) found.push(record);
    }
    return found;
  }

  #put(writer: Writer, volume: number, record: LogRecord): void {
    writer.put(this.#records, key(volume, record.sequence), toStored(record));
    for (const fid of objectsOf(record)) writer.put(this.#byObject, indexKey(fid, record.sequence), true);
  }

  #count(record: LogRecord, by: 1 | -1): void {
    this.#counted?.push(() => this.#tally(record, by === 1 ? -1 : 1));
    this.#tally(record, by);
  }

  #noteConflict(record: LogRecord, isInConflict: boolean): void {
    if (isInConflict) this.#conflicts.add(record);
    else this.#conflicts.remove(record);
  }

  #tally(record: LogRecord, by: 1 | -1): void {
    const { volume } = record.mutation.fid;
    const { entries, bytes } = this.state(volume);
    const left = entries + by;
    if (record.container !== undefined) {
      if (by > 0) this.containers.hold(record.container, bytesOf(record) - RECORD_SIZE, Holder.Log);
      else this.containers.release(record.container, Holder.Log);
    }
    this.#noteConflict(record, record.conflict !== undefined && by > 0);
    if (left === 0) this.#states.delete(volume);
    else this.#states.set(volume, { entries: left, bytes: bytes + by * bytesOf(record), owner: record.uid });
  }
}

/** Records read at a time. */
const PAGE = 256;
const EMPTY: LogState = { entries: 0, bytes: 0, owner: undefined };

function objectKey({ volume, vnode, unique }: Fid): Key {
  return key(volume, vnode, unique);
}

function indexKey({ volume, vnode, unique }: Fid, sequence: number): Key {
  return key(volume, vnode, unique, sequence);
}
