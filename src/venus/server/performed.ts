import type { StoreId } from '../../ipc/versionVector.ts';
import type { Database, Table, Writer } from '../store/database.ts';
import { key } from '../store/keys.ts';

/** The last update of each client that was performed in each volume, so that none is performed twice. */
export class Performed {
  readonly #last: Table<number>;

  constructor(database: Database) {
    this.#last = database.table('reintegrated');
  }

  has(volume: number, { host, unique }: StoreId): boolean {
    return unique <= (this.#last.get(key(volume, host)) ?? 0);
  }

  note(writer: Writer, volume: number, storeId: StoreId): void {
    if (!this.has(volume, storeId)) writer.put(this.#last, key(volume, storeId.host), storeId.unique);
  }
}
