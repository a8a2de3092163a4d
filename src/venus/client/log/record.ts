import type { Fid } from '../../../ipc/fid.ts';
import type { StoreId } from '../../../ipc/versionVector.ts';
import { type Mutation, directoriesOf } from '../../net/mutation.ts';

/** One record of a modify log (spec/cml.md, 1.1). */
export interface LogRecord {
  /** Its place in the log of its volume. */
  readonly sequence: number;
  readonly storeId: StoreId;
  /** When it was made; milliseconds since 1970. */
  readonly time: number;
  /** The local uid that made it, and the id that he counted as. */
  readonly uid: number;
  readonly viceId: number;
  readonly mutation: Mutation;
  /** Where its object was when it was made, from the root of the volume. */
  readonly path: string;
  /** Of a rename: where it went. */
  readonly toPath?: string;
  /** Of a store: the container with the contents, none for an empty file. */
  readonly container?: number;
  /** Set when the servers refused it: it stays, and so does what follows. */
  readonly conflict?: Conflict;
}

export interface Conflict {
  readonly errno: number;
  readonly why?: string;
}

/** All objects that a record is about. */
export function objectsOf({ mutation }: LogRecord): readonly Fid[] {
  return [...directoriesOf(mutation), mutation.fid];
}

/** What a record counts for in `cml_bytes` (spec/cml.md, 1.3): itself, and the contents of a store. */
export function bytesOf({ mutation }: LogRecord): number {
  return RECORD_SIZE + (mutation.op === 'store' ? mutation.length : 0);
}

const RECORD_SIZE = 280;

/**
 * The object that is in conflict when a record is refused: the one that it changes, or the directory in which it
 * changes a name (spec/repair.md, 2.1).
 */
export function conflictObjectOf({ mutation }: Pick<LogRecord, 'mutation'>): Fid {
  return directoriesOf(mutation)[0] ?? mutation.fid;
}
