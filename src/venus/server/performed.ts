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

  /** The last update of each client in a volume. */
  all(volume: number): readonly StoreId[] {
    return [...this.#last.entries(key(volume))].map(({ key: found, value }) => ({
      host: new DataView(found.buffer, found.byteOffset).getUint32(4),
      unique: value,
    }));
  }

  note(writer: Writer, volume: number, storeId: StoreId): void {
    if (!this.has(volume, storeId)) writer.put(this.#last, key(volume, storeId.host), storeId.unique);
  }
}
