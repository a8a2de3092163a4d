import { randomInt } from 'node:crypto';
import type { StoreId } from '../../ipc/versionVector.ts';
import { fail } from '../fail.ts';
import type { Database, Table } from '../store/database.ts';
import { key } from '../store/keys.ts';

/** Numbers reserved on the disk at a time, and how many there are at least for those who cannot wait. */
const BLOCK = 65_536;
const PROVISION = 4096;

/** Names for the updates of one client. None is given twice, whatever happens to the client. */
export class StoreIds {
  readonly #database: Database;
  readonly #table: Table<number>;
  readonly #host: number;
  #next: number;
  #reserved: number;
  #reserving: Promise<void> | undefined;

  static async open(database: Database): Promise<StoreIds> {
    const table = database.table<number>('storeIds');
    const host = table.get(key('host')) ?? randomInt(1, 2 ** 32);
    await database.transaction((writer) => writer.put(table, key('host'), host));
    return new StoreIds(database, table, host, table.get(key('reserved')) ?? 1);
  }

  private constructor(database: Database, table: Table<number>, host: number, reserved: number) {
    this.#database = database;
    this.#table = table;
    this.#host = host;
    this.#next = reserved;
    this.#reserved = reserved;
  }

  async next(): Promise<StoreId> {
    await this.provide();
    return this.take();
  }

  /** Sees to it that {@link StoreIds.take} has enough for all who may be at work. */
  async provide(): Promise<void> {
    while (this.#reserved - this.#next < PROVISION) await (this.#reserving ??= this.#reserve());
  }

  /** The next one. In a log they must rise, so those who append to it take theirs inside their transaction. */
  take(): StoreId {
    if (this.#next >= this.#reserved) fail('EAGAIN');
    return { host: this.#host, unique: this.#next++ };
  }

  async #reserve(): Promise<void> {
    const reserved = this.#reserved + BLOCK;
    try {
      await this.#database.transaction((writer) => writer.put(this.#table, key('reserved'), reserved));
      this.#reserved = reserved;
    } finally {
      this.#reserving = undefined;
    }
  }
}
