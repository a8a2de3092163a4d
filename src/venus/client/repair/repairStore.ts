import type { Fid } from '../../../ipc/fid.ts';
import type { decisions } from '../../../ipc/repairs.ts';
import type { Database, Table, Writer } from '../../store/database.ts';
import { key } from '../../store/keys.ts';
import type { MappedFid } from './fidMap.ts';

/** What was decided of one record, and what it takes to undo that. */
export interface StoredDecision {
  readonly sequence: number;
  readonly decision: (typeof decisions)[number];
  /** What the record would have made, if it was left out and nothing stands for it. */
  readonly unmade?: Fid;
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

/** A repair session as it outlives venus, without its decisions. */
export interface StoredRepair {
  readonly id: number;
  readonly fid: Fid;
  /** The local uid whose log it is about. */
  readonly uid: number;
  /** Set while a decision is carried out: what the workspace has beyond it, is undone at the next start. */
  readonly undecided?: WorkspaceMark;
  /** Set when the workspace was sent: the servers may have performed it. */
  readonly isSent: boolean;
}

/** The repair sessions of a client. */
export class RepairStore {
  readonly #database: Database;
  readonly #repairs: Table<StoredRepair>;
  readonly #decisions: Table<StoredDecision>;

  constructor(database: Database) {
    this.#database = database;
    this.#repairs = database.table('repairs');
    this.#decisions = database.table('repairDecisions');
  }

  *all(): Generator<StoredRepair> {
    for (const { value } of this.#repairs.all()) yield value;
  }

  nextId(): number {
    let last = 0;
    for (const { id } of this.all()) last = Math.max(last, id);
    return last + 1;
  }

  /** The decisions of a session, in their order. */
  decisionsOf(id: number): readonly StoredDecision[] {
    return Array.from(this.#decisions.entries(key(id)), ({ value }) => value);
  }

  put(repair: StoredRepair): Promise<void> {
    return this.#database.transaction((writer) => writer.put(this.#repairs, key(repair.id), repair));
  }

  /** Stores a decision together with the state of its session. @param at its place among the decisions */
  putDecision(repair: StoredRepair, at: number, decision: StoredDecision): Promise<void> {
    return this.#database.transaction((writer) => {
      writer.put(this.#repairs, key(repair.id), repair);
      writer.put(this.#decisions, key(repair.id, at), decision);
    });
  }

  /** Forgets a decision together with the state of its session. @param at its place among the decisions */
  removeDecision(repair: StoredRepair, at: number): Promise<void> {
    return this.#database.transaction((writer) => {
      writer.put(this.#repairs, key(repair.id), repair);
      writer.remove(this.#decisions, key(repair.id, at));
    });
  }

  remove(id: number): Promise<void> {
    return this.#database.transaction((writer) => this.removeIn(writer, id));
  }

  removeIn(writer: Writer, id: number): void {
    writer.remove(this.#repairs, key(id));
    for (const entry of [...this.#decisions.entries(key(id))]) writer.remove(this.#decisions, entry.key);
  }
}
