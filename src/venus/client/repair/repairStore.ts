import type { Fid } from '../../../ipc/fid.ts';
import type { decisions } from '../../../ipc/repairs.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import type { MappedFid } from './fidMap.ts';

/** What was decided of one record, and what it takes to undo that. */
export interface StoredDecision {
  readonly sequence: number;
  readonly decision: (typeof decisions)[number];
  readonly mapped: readonly MappedFid[];
  /** The log of the workspace before and after. */
  readonly before: WorkspaceMark;
  readonly after: WorkspaceMark;
}

/** A point in the log of a workspace. */
export interface WorkspaceMark {
  /** The newest record; 0 for none. */
  readonly last: number;
  readonly entries: number;
}

/** A repair session as it outlives venus. */
export interface StoredRepair {
  readonly id: number;
  readonly fid: Fid;
  /** The local uid whose log it is about. */
  readonly uid: number;
  readonly decisions: readonly StoredDecision[];
  /** Set while a decision is carried out: what the workspace has beyond it, is undone at the next start. */
  readonly undecided?: WorkspaceMark;
  /** Set when the workspace was sent: the servers may have performed it. */
  readonly isSent: boolean;
}

/** The repair sessions of a client. */
export class RepairStore {
  readonly #database: Database;
  readonly #table: Table<StoredRepair>;

  constructor(database: Database) {
    this.#database = database;
    this.#table = database.table('repairs');
  }

  *all(): Generator<StoredRepair> {
    for (const { value } of this.#table.all()) yield value;
  }

  nextId(): number {
    let last = 0;
    for (const { id } of this.all()) last = Math.max(last, id);
    return last + 1;
  }

  put(repair: StoredRepair): Promise<void> {
    return this.#database.transaction((writer) => writer.put(this.#table, key(repair.id), repair));
  }

  remove(id: number): Promise<void> {
    return this.#database.transaction((writer) => this.removeIn(writer, id));
  }

  removeIn(writer: Writer, id: number): void {
    writer.remove(this.#table, key(id));
  }
}
