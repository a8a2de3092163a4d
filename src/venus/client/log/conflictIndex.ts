import { type Fid, formatFid } from '../../../ipc/fid.ts';
import { type LogRecord, conflictObjectOf } from './record.ts';

/** The records in conflict of the logs, and the objects that they make show as ones in conflict. */
export class ConflictIndex {
  readonly #records = new Map<number, Set<number>>();
  /** Objects in conflict, and by how many records. */
  readonly #objects = new Map<string, number>();

  add(record: LogRecord): void {
    const { volume } = record.mutation.fid;
    const records = this.#records.get(volume) ?? new Set();
    if (records.has(record.sequence)) return;
    this.#records.set(volume, records.add(record.sequence));
    this.#count(conflictObjectOf(record), 1);
  }

  remove(record: LogRecord): void {
    const { volume } = record.mutation.fid;
    const records = this.#records.get(volume);
    if (!records?.delete(record.sequence)) return;
    if (records.size === 0) this.#records.delete(volume);
    this.#count(conflictObjectOf(record), -1);
  }

  /** Sequence numbers of the records of a volume that are in conflict, the oldest first. */
  recordsOf(volume: number): readonly number[] {
    return [...(this.#records.get(volume) ?? [])].sort((a, b) => a - b);
  }

  hasAny(volume: number): boolean {
    return this.#records.has(volume);
  }

  isInConflict(fid: Fid): boolean {
    return this.#objects.has(formatFid(fid));
  }

  #count(fid: Fid, by: 1 | -1): void {
    const text = formatFid(fid);
    const count = (this.#objects.get(text) ?? 0) + by;
    if (count > 0) this.#objects.set(text, count);
    else this.#objects.delete(text);
  }
}
