import { CodaError } from '../ipc/errors.ts';
import type { Fid } from '../ipc/fid.ts';
import type { Decision, LocalMutation, RepairDocument, Verdict, Version } from '../ipc/repairs.ts';
import type { VersionVector } from '../ipc/versionVector.ts';
import type { Replica, ReplicaReader } from './replicas/replica.ts';

/** A session cannot be begun, gone on with or ended. */
export class RepairError extends CodaError {
  readonly code = 'repair';
}

/** There is nothing to settle at an object itself; there may be something below it. */
export class NotInConflictError extends RepairError {}

/**
 * Who does what a repair session decides. The embedded venus keeps the session itself, with a private workspace
 * `global` that is sent as a whole at the end; on a real one the tool keeps it and acts at the end (spec/repair.md, 19.4).
 */
export interface RepairBackend {
  /**
   * Expands an object in conflict and begins, or goes on with what was begun before.
   * @param path from the Coda root
   * When it throws, the object is collapsed, or the error says that it is not.
   * @throws NotInConflictError; RepairError; VenusError
   */
  begin(path: string): Promise<RepairSession>;
}

/** What became of a decision about the current mutation. */
export type Performed =
  | { readonly kind: 'done'; readonly mutation: LocalMutation; readonly decision: Decision }
  /** It cannot be done; the session is as before. */
  | { readonly kind: 'refused'; readonly mutation: LocalMutation; readonly verdict: Verdict }
  | { readonly kind: 'nothing left' };

export type Committed =
  | { readonly kind: 'done'; readonly performed: number; readonly discarded: number }
  /** The servers have something newer by now: nothing was sent, the session stays. */
  | { readonly kind: 'overtaken'; readonly verdict: Verdict; readonly mutation: LocalMutation | undefined };

/**
 * What becomes of what stands in the way of a mutation, for those who do not want to look at each. Without it a mutation
 * that is obstructed is refused. `denied`, `no room`, `dependent` and `unreachable` are refused with either; then nothing
 * has been done.
 *
 * `replace`: the local change wins, at the least cost for what others did.
 * - `exists` (create, symlink, link, mkdir, rename): what has the name is removed, a directory with all below it, and
 *   the mutation performed. Only where a directory meets a directory (mkdir) it is kept with its entries, and taken for
 *   the one that was made.
 * - `updated` (store, chmod, chown, utimes): performed on the servers' version. (remove, rmdir, rename): performed on
 *   what is there.
 * - `not empty` (rmdir): removed with all below it.
 * - `missing` (remove, rmdir): counts as performed. (rename): the local version of the object is made at the target, as
 *   a whole. (link): the local version is made under the new name.
 * - `gone` (store, chmod, chown, utimes): the object is made anew from the local version: contents, mode and, where
 *   they are gone too, the directories above it. (all others): those directories are made anew, then it is performed.
 *
 * `rename`: what others did stays as it is; the local version is kept beside it, as `name` in the same directory.
 * - `exists` (create, symlink, link, mkdir, rename): performed with `name` instead of the target's own. Later mutations
 *   of the session that are about the local object, or about something below it, follow it there. Only where a directory
 *   meets a directory (mkdir) they are merged as with `replace`, and `name` is not used.
 * - `updated` (store): the local version is made as `name`, with its contents; later mutations of the object follow.
 *   (rename): performed on what is there, which others changed. (remove, rmdir, chmod, chown, utimes): left out, as what
 *   others did to the object counts more; that counts as discarded.
 * - `not empty` (rmdir): left out, in the same way.
 * - `missing` and `gone`: nothing is there to be kept beside; as with `replace`, and `name` is not used.
 * - `name` is taken: refused with `exists`, and `target` its path.
 * The directory of the object under repair itself is the one it stands in: there `name` is made when the session is
 * committed.
 */
export type Obstructed =
  { readonly onConflict: 'replace' } | { readonly onConflict: 'rename'; readonly name: string };

/** A session under way: it is either about local mutations, or about replicas that differ. */
export type RepairSession = LocalSession | ServerSession;

/** A session of a local/global conflict. Its decisions are kept by the backend, and outlive the tool where the backend can do that. */
export interface LocalSession {
  readonly kind: 'local/global';
  /** As it is now. */
  document(): Promise<RepairDocument>;
  /** Whether nothing is lost for good before the end, so that abort leaves all as it was. */
  readonly canAbort: boolean;
  /** The verdict about the current mutation; nothing when all are processed. */
  check(): Promise<{ readonly mutation: LocalMutation; readonly verdict: Verdict } | undefined>;
  /**
   * Performs the current mutation on the global version, and goes on to the next.
   * @param how without it an obstructed mutation is refused
   */
  preserve(how?: Obstructed): Promise<Performed>;
  /** Leaves the current mutation out, and goes on to the next. */
  discard(): Promise<Performed>;
  /** Goes on to the next one without a decision: it stays in the log when the session is committed. */
  skip(): Promise<Performed>;
  /** Takes the last decision back; what it did to the global version is undone. @returns what is current now */
  undo(): Promise<LocalMutation | undefined>;
  /** The versions of something below the object, by its path from there. */
  versions(path: string): Promise<readonly Version[]>;
  /** Sends the global version to the servers and ends. */
  commit(): Promise<Committed>;
  /**
   * Ends without sending anything, and collapses the object. Everything is as it was before, unless `canAbort` is false:
   * then what was begun is kept for the next session. May be called again after it failed.
   */
  abort(): Promise<void>;
}

/** What takes the place of an object in conflict. */
export type Replacement =
  /** The binary form of a fix file, for a directory. */
  | { readonly kind: 'fix file'; readonly bytes: Uint8Array }
  /** The contents of another file in Coda, or of one of the replicas. */
  | { readonly kind: 'file in Coda'; readonly fid: Fid; readonly realm: string }
  /** A file of this machine, by its absolute path. */
  | { readonly kind: 'local file'; readonly path: string };

/** What a server made of a repair: 0, or an errno. */
export interface ReplicaOutcome {
  readonly volume: number;
  readonly code: number;
}

/** What became of an object that was repaired. */
export type Settled =
  /** It is normal, and collapsed. */
  | 'normal'
  /** The servers still differ; it is expanded again, so that they can be compared once more. */
  | 'in conflict'
  /** The servers agree, and local mutations are in conflict with them; it is collapsed. */
  | 'local/global';

/**
 * A session of a server/server conflict. Nothing is kept: each repair takes effect at once, and there is no way back. A mixed
 * conflict is one too, until the servers agree.
 */
export interface ServerSession extends ReplicaReader {
  readonly kind: 'server/server';
  document(): Promise<RepairDocument>;
  /**
   * Sends a replacement to all servers that answer.
   * @throws VenusError where none of them takes it
   */
  repair(replacement: Replacement): Promise<readonly ReplicaOutcome[]>;
  /** A file in Coda as a replacement. */
  fileInCoda(path: string): Promise<Replacement>;
  setVersionVector(replica: Replica, vector: VersionVector): Promise<void>;
  /** Collapses the object and lets venus resolve it. */
  settle(): Promise<Settled>;
  /** Removes what is normal again: an empty directory or a file. */
  remove(): Promise<void>;
  /** Collapses the object. May be called again after it failed. */
  abort(): Promise<void>;
}
