import type { Database, Table } from '../../store/database.ts';
import { key } from '../../store/keys.ts';

/** When the log of a volume goes out (spec/cml.md, 2.1). */
export interface VolumeSettings {
  /** Seconds that a record waits at least. */
  readonly age: number;
  /** Milliseconds that one round may take; 0 = each change is sent while its maker waits. */
  readonly timeLimit: number;
}

/** `strong`: at once. */
const STRONG: VolumeSettings = { age: 0, timeLimit: 0 };

/** The settings of the logs, volume by volume; they outlive the process. */
export class LogSettings {
  readonly #database: Database;
  readonly #table: Table<VolumeSettings>;

  constructor(database: Database) {
    this.#database = database;
    this.#table = database.table('logSettings');
  }

  get(volume: number): VolumeSettings {
    return this.#table.get(key(volume)) ?? STRONG;
  }

  isSynchronous(volume: number): boolean {
    const { age, timeLimit } = this.get(volume);
    return age === 0 && timeLimit === 0;
  }

  set(volume: number, settings: VolumeSettings): Promise<void> {
    return this.#database.transaction((writer) => writer.put(this.#table, key(volume), settings));
  }
}
