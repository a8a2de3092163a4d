import { statfsSync } from 'node:fs';
import { type Database as LmdbTable, type RootDatabase, type Transaction, open } from 'lmdb';
import { errno } from '../../ipc/errno.ts';
import { ConfigurationError, VenusError } from '../../ipc/errors.ts';
import { makeDirectory, syncDirectory } from '../../disk/durableDirectory.ts';
import { type Key, keyAfter } from './keys.ts';

/** Version of all that is stored below a data directory. coda-data(5) describes it. */
const FORMAT = 1;
const MAX_TABLES = 64;
/** An option of LMDB that its types leave out: the files hold token keys and tokens. */
const PRIVATE = { permissionsMode: 0o600 };
/** Below this many bytes a write that failed is called a full disk. */
const NEARLY_FULL = 1024 * 1024;

/** A store of one server, client or realm: tables in one LMDB environment. */
export class Database {
  readonly #directory: string;
  readonly #root: RootDatabase<unknown, Key>;

  /** @throws ConfigurationError if a later version of the toolkit wrote it */
  static async open(directory: string): Promise<Database> {
    await makeDirectory(directory);
    const database = new Database(directory);
    try {
      database.#checkFormat();
      await syncDirectory(directory);
    } catch (error) {
      await database.close();
      throw error;
    }
    return database;
  }

  private constructor(directory: string) {
    this.#directory = directory;
    this.#root = open<unknown, Key>({
      ...PRIVATE,
      path: directory,
      keyEncoding: 'binary',
      maxDbs: MAX_TABLES,
      // A value is seen by readers, and a transaction resolves, only after it has been flushed to the disk.
      overlappingSync: false,
      // With it, a commit that fails rejects a promise that nobody holds.
      eventTurnBatching: false,
    });
  }

  table<Value>(name: string): Table<Value> {
    return new Table(this.#root.openDB<Value, Key>({ name, keyEncoding: 'binary' }));
  }

  /**
   * Runs a change that is done as a whole or not at all; resolves when it is on the disk. Inside, reads see
   * what the change has written so far. Several changes that wait share one flush.
   * @param change must not be asynchronous; what it throws undoes it and rejects the promise
   * @throws VenusError ENOSPC or EIO if it could not be written
   */
  async transaction<Result>(change: (writer: Writer) => Result): Promise<Result> {
    const afterwards: (() => void)[] = [];
    const writer = { put, remove, afterwards: (work: () => void) => void afterwards.push(work) };
    try {
      const result = await this.#root.childTransaction(() => change(writer));
      for (const work of afterwards) work();
      return result;
    } catch (error) {
      throw (await this.#commitFailure(error)) ?? error;
    }
  }

  /**
   * What the tables hold now, for as long as it is kept open. The room of what is replaced meanwhile is not used again.
   */
  snapshot(): Snapshot {
    this.#root.resetReadTxn();
    const transaction = this.#root.useReadTransaction();
    return { transaction, close: () => transaction.done() };
  }

  /** Resolves when all that has been written is on the disk. */
  async flush(): Promise<void> {
    await this.#root.flushed;
  }

  close(): Promise<void> {
    return this.#root.close();
  }

  /** LMDB says why a commit failed in a promise inside the error. */
  async #commitFailure(error: unknown): Promise<VenusError | undefined> {
    if (!(error instanceof Error) || !('commitError' in error)) return undefined;
    const cause: unknown = await Promise.resolve(error.commitError).catch((reason: unknown) => reason);
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const { bavail, bsize } = statfsSync(this.#directory);
    const full = code === errno('ENOSPC') || bavail * bsize < NEARLY_FULL;
    return new VenusError(errno(full ? 'ENOSPC' : 'EIO'), {
      why: full
        ? `The disk that holds ${this.#directory} is full. Nothing was changed.`
        : `Writing to ${this.#directory} failed: ${String(cause)}. Nothing was changed.`,
      next: full ? 'Make room on that disk, then do it again.' : 'Look at the disk, then do it again.',
    });
  }

  #checkFormat(): void {
    const meta = this.#root.openDB<number, string>({ name: 'format' });
    const found = meta.get('version');
    if (found === undefined) meta.putSync('version', FORMAT);
    else if (found > FORMAT) {
      throw new ConfigurationError(`${this.#directory}: written by a later version of coda-toolkit`, {
        why: `Its format is ${found}; this version knows ${FORMAT}.`,
        next: 'Use the version that wrote it, or another --data directory.',
      });
    }
  }
}

/** What all tables of a database held at one moment. */
export interface Snapshot {
  readonly transaction: Transaction;
  close(): void;
}

/** Values of one kind by key. It is read anywhere, and written in a transaction. */
export class Table<Value> {
  readonly lmdb: LmdbTable<Value, Key>;

  constructor(lmdb: LmdbTable<Value, Key>) {
    this.lmdb = lmdb;
  }

  get(key: Key, snapshot?: Snapshot): Value | undefined {
    return this.lmdb.get(key, at(snapshot));
  }

  /**
   * The entries whose key begins with a prefix, in order.
   * @param after skips all up to and with this key
   */
  *entries(
    prefix: Key,
    after?: Key,
    snapshot?: Snapshot,
  ): Generator<{ readonly key: Key; readonly value: Value }> {
    const end = keyAfter(prefix);
    const range = { start: after ?? prefix, exclusiveStart: after !== undefined, ...(end && { end }) };
    yield* this.lmdb.getRange({ ...range, ...at(snapshot) });
  }

  /** The entries whose key begins with a prefix, last first. */
  *backwards(prefix: Key): Generator<{ readonly key: Key; readonly value: Value }> {
    const end = keyAfter(prefix);
    // Backwards, LMDB begins before the start and ends at the end.
    yield* this.lmdb.getRange({ ...(end && { start: end }), end: prefix, reverse: true });
  }

  /** All entries, in order. */
  *all(): Generator<{ readonly key: Key; readonly value: Value }> {
    yield* this.lmdb.getRange({});
  }
}

function at(snapshot: Snapshot | undefined) {
  return snapshot ? { transaction: snapshot.transaction } : {};
}

/** The right to write, which only a transaction gives. */
export interface Writer {
  put<Value>(table: Table<Value>, key: Key, value: Value): void;
  remove(table: Table<unknown>, key: Key): void;
  /** Does something when the change is on the disk, before anybody hears of it; not if it is undone. It must not throw. */
  afterwards(work: () => void): void;
}

const put: Writer['put'] = (table, key, value) => void table.lmdb.put(key, value);
const remove: Writer['remove'] = (table, key) => void table.lmdb.remove(key);
