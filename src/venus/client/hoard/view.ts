import type { HoardReason } from '../../../ipc/hoard.ts';
import type { Fid } from '../../../ipc/fid.ts';
import type { FileType } from '../../../ipc/venus.ts';
import { VenusError, isErrno } from '../../../ipc/errors.ts';

/** An object as far as hoarding looks at it. */
export interface SeenObject {
  readonly fid: Fid;
  readonly type: FileType;
  readonly length: number;
  /** Of a link. */
  readonly target: string | undefined;
  /** The volume that a link is a mount point of, by name; `` if it has the name of its place. */
  readonly mounts: string | undefined;
  readonly isInConflict: boolean;
}

export interface Member {
  readonly name: string;
  readonly fid: Fid;
  readonly type: FileType;
}

/** The tree as what expands entries sees it: in the cache, on the servers, or both. Each may throw VenusError or {@link LookupFailure}. */
export interface View {
  object(fid: Fid): Promise<SeenObject>;
  /** Says that several objects of one volume will be looked at. */
  prepare(fids: readonly Fid[]): Promise<void>;
  member(directory: Fid, name: string): Promise<Member | undefined>;
  /** Members after a name, in the order of their bytes; less than the limit only at the end. */
  members(directory: Fid, after: string | undefined, limit: number): Promise<readonly Member[]>;
  /** The volume of a name, if the realm has it. */
  volumeOf(name: string): Promise<number | undefined>;
  /** The directory with the mount point of a volume. */
  above(volume: number): Fid | undefined;
}

/** Something cannot be looked up, for a reason that is no errno. */
export class LookupFailure extends Error {
  readonly reason: HoardReason;

  constructor(reason: HoardReason, why: string = reason) {
    super(why);
    this.reason = reason;
  }
}

/** Why something cannot be had. Faults are thrown on. */
export function reasonOf(error: unknown): HoardReason {
  if (error instanceof LookupFailure) return error.reason;
  if (isErrno(error, 'ETIMEDOUT', 'ENXIO')) return 'unreachable';
  if (isErrno(error, 'ENOENT', 'EVOLUME')) return 'no such name';
  if (isErrno(error, 'ENOTDIR')) return 'not a directory';
  if (isErrno(error, 'EACCES', 'EPERM')) return 'no rights';
  if (isErrno(error, 'ELOOP')) return 'bad link';
  if (isErrno(error, 'EINCOMPATIBLE')) return 'changed';
  if (isErrno(error, 'ENOSPC')) return 'no room';
  if (error instanceof VenusError) return 'local failure';
  throw error;
}
