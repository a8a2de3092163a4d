import { join } from 'node:path';
import { Database } from '../../src/venus/store/database.ts';

/** What a process that has been killed does not do any more. */
export class Dead extends Error {}

/**
 * Kills what works on the stores below a directory as SIGKILL does: between two transactions, after which none of it is
 * written any more.
 */
export class SuddenDeath {
  readonly #open = Database.open.bind(Database);
  #left = Infinity;

  constructor(directory: string) {
    Database.open = async (path) => {
      const database = await this.#open(path);
      if (path === directory || path.startsWith(join(directory, '/'))) this.#watch(database);
      return database;
    };
  }

  get isDead(): boolean {
    return this.#left <= 0;
  }

  /** It dies when so many transactions have been written. */
  after(transactions: number): void {
    this.#left = transactions;
  }

  /** Another process may work on the stores. */
  revive(): void {
    this.#left = Infinity;
  }

  end(): void {
    Database.open = this.#open;
  }

  #checkAlive(): void {
    if (this.isDead) throw new Dead();
  }

  #watch(database: Database): void {
    const write = database.transaction.bind(database);
    database.transaction = async (change) => {
      this.#checkAlive();
      const result = await write(change);
      this.#left -= 1;
      // What has been written is on the disk, but nobody hears of it.
      this.#checkAlive();
      return result;
    };
  }
}
