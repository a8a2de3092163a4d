import type { Fid } from '../../../ipc/fid.ts';
import { decodeText, encodeText } from '../../../ipc/text.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { type Key, key } from '../../store/keys.ts';
import type { LoggedUpdate, NamedFid } from './loggedUpdate.ts';

type StoredName = Omit<NamedFid, 'name'> & { readonly name: Uint8Array };
/** As the store keeps it: names as bytes, since the store would not keep every byte of a text. */
type StoredUpdate = Omit<LoggedUpdate, 'added' | 'removed'> & {
  readonly added: readonly StoredName[];
  readonly removed: readonly StoredName[];
};

export interface NumberedUpdate {
  readonly sequence: number;
  readonly update: LoggedUpdate;
}

/**
 * The updates of a server's volumes that not all servers of the volume are known to have performed, in the order in which
 * this one did. coda-data(5) describes the tables.
 */
export class ResolutionLog {
  readonly #updates: Table<StoredUpdate>;
  /** The sequence number of each update. */
  readonly #numbers: Table<number>;
  /** Updates that all servers have: some of them may not have heard of that, and have them in their logs. */
  readonly #concluded: Table<true>;
  /** Updates of the log whose second phase, or what stands for it, has been counted in the versions. */
  readonly #counted: Table<true>;
  /** How many resolutions this server has begun in each volume. */
  readonly #resolutions: Table<number>;

  constructor(database: Database) {
    this.#updates = database.table('resolutionLog');
    this.#numbers = database.table('resolutionNumbers');
    this.#concluded = database.table('concludedUpdates');
    this.#counted = database.table('countedUpdates');
    this.#resolutions = database.table('resolutions');
  }

  /** Adds an update at the end, unless it is there. */
  append(writer: Writer, volume: number, update: LoggedUpdate): void {
    const id = idKey(volume, update.storeId);
    if (this.#numbers.get(id) !== undefined) return;
    const sequence = this.#last(volume) + 1;
    writer.put(this.#updates, key(volume, sequence), toStored(update));
    writer.put(this.#numbers, id, sequence);
  }

  remove(writer: Writer, volume: number, storeId: StoreId): void {
    const id = idKey(volume, storeId);
    const sequence = this.#numbers.get(id);
    if (sequence === undefined) return;
    writer.remove(this.#updates, key(volume, sequence));
    writer.remove(this.#numbers, id);
    writer.remove(this.#counted, id);
  }

  /** Whether the other servers that have an update are counted in the versions of what it changed. */
  isCounted(volume: number, storeId: StoreId): boolean {
    return this.#counted.get(idKey(volume, storeId)) === true;
  }

  noteCounted(writer: Writer, volume: number, storeId: StoreId): void {
    writer.put(this.#counted, idKey(volume, storeId), true);
  }

  /** A resolution has made the versions of all that the log is about the same everywhere. */
  noteAllCounted(writer: Writer, volume: number): void {
    for (const { update } of [...this.updates(volume)])
      if (!this.isCounted(volume, update.storeId)) this.noteCounted(writer, volume, update.storeId);
  }

  /** A repair takes the place of what was changed of an object before. @returns whether anything was */
  supersedeChanges(writer: Writer, { volume, vnode, unique }: Fid): boolean {
    let wasChanged = false;
    for (const { sequence, update } of [...this.updates(volume)]) {
      const changed = update.changed.filter((fid) => fid.vnode !== vnode || fid.unique !== unique);
      if (changed.length === update.changed.length) continue;
      wasChanged = true;
      writer.put(this.#updates, key(volume, sequence), toStored({ ...update, changed }));
    }
    return wasChanged;
  }

  /** All servers of the volume have an update. */
  conclude(writer: Writer, volume: number, storeId: StoreId): void {
    if (this.#numbers.get(idKey(volume, storeId)) === undefined) return;
    this.remove(writer, volume, storeId);
    writer.put(this.#concluded, idKey(volume, storeId), true);
  }

  isConcluded(volume: number, storeId: StoreId): boolean {
    return this.#concluded.get(idKey(volume, storeId)) === true;
  }

  /** Updates known to be concluded, up to a limit. */
  countConcluded(volume: number, limit: number): number {
    let count = 0;
    for (const { key: found } of this.#concluded.entries(key(volume)))
      if (found.length > 0 && ++count === limit) break;
    return count;
  }

  /** The updates known to be concluded. */
  concluded(volume: number): readonly StoreId[] {
    return [...this.#concluded.entries(key(volume))].map(({ key: found }) => {
      const numbers = new DataView(found.buffer, found.byteOffset);
      return { host: numbers.getUint32(4), unique: numbers.getUint32(8) };
    });
  }

  noteConcluded(writer: Writer, volume: number, storeId: StoreId): void {
    writer.put(this.#concluded, idKey(volume, storeId), true);
  }

  /** No server has any of them in its log. */
  forgetConcluded(writer: Writer, volume: number): void {
    for (const { key: found } of [...this.#concluded.entries(key(volume))])
      writer.remove(this.#concluded, found);
  }

  find(volume: number, storeId: StoreId): LoggedUpdate | undefined {
    const sequence = this.#numbers.get(idKey(volume, storeId));
    const stored = sequence === undefined ? undefined : this.#updates.get(key(volume, sequence));
    return stored && fromStored(stored);
  }

  /** Updates after a sequence number, in order. */
  *updates(volume: number, after = 0): Generator<NumberedUpdate> {
    for (const { key: found, value } of this.#updates.entries(key(volume), key(volume, after)))
      yield { sequence: sequenceIn(found), update: fromStored(value) };
  }

  /** The update that was added last. */
  newest(volume: number): StoreId | undefined {
    for (const { value } of this.#updates.backwards(key(volume))) return value.storeId;
    return undefined;
  }

  isEmpty(volume: number): boolean {
    return this.#last(volume) === 0;
  }

  /** A number for a resolution that begins; it is not given again. The first is 2, since 1 is the making of the volume. */
  nextResolution(writer: Writer, volume: number): number {
    const next = (this.#resolutions.get(key(volume)) ?? 1) + 1;
    writer.put(this.#resolutions, key(volume), next);
    return next;
  }

  #last(volume: number): number {
    for (const { key: found } of this.#updates.backwards(key(volume))) return sequenceIn(found);
    return 0;
  }
}

function idKey(volume: number, { host, unique }: StoreId): Key {
  return key(volume, host, unique);
}

function sequenceIn(found: Key): number {
  return new DataView(found.buffer, found.byteOffset).getUint32(4);
}

function toStored({ added, removed, ...rest }: LoggedUpdate): StoredUpdate {
  const encode = ({ name, ...pair }: NamedFid) => ({ ...pair, name: encodeText(name) });
  return { ...rest, added: added.map(encode), removed: removed.map(encode) };
}

function fromStored({ added, removed, ...rest }: StoredUpdate): LoggedUpdate {
  const decode = ({ name, ...pair }: StoredName) => ({ ...pair, name: decodeText(name) });
  return { ...rest, added: added.map(decode), removed: removed.map(decode) };
}
