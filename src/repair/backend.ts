import type { LocalMutation, RepairDocument, Verdict, Version } from '../ipc/repairs.ts';

/**
 * Who does what a repair session decides. The embedded venus keeps the session itself, with a private workspace
 * `global` that is sent as a whole at the end; on a real one the tool keeps it and acts at the end (spec/repair.md, 19.4).
 */
export interface RepairBackend {
  /**
   * Expands an object in conflict and begins, or goes on with what was begun before.
   * @param path from the Coda root
   * @throws RepairError; VenusError
   */
  begin(path: string): Promise<RepairSession>;
}

/** What became of a decision about the current mutation. */
export type Performed =
  | { readonly kind: 'done'; readonly mutation: LocalMutation }
  /** It cannot be done; the session is as before. */
  | { readonly kind: 'refused'; readonly mutation: LocalMutation; readonly verdict: Verdict }
  | { readonly kind: 'nothing left' };

export type Committed =
  | { readonly kind: 'done'; readonly performed: number; readonly discarded: number }
  /** The servers have something newer by now: nothing was sent, the session stays. */
  | { readonly kind: 'overtaken'; readonly verdict: Verdict; readonly mutation: LocalMutation | undefined };

/** A session under way. Its decisions are kept by the backend, and outlive the tool where the backend can do that. */
export interface RepairSession {
  /** As it is now. */
  document(): Promise<RepairDocument>;
  /** Whether nothing is lost for good before the end, so that abort leaves all as it was. */
  readonly canAbort: boolean;
  /** The verdict about the current mutation; nothing when all are processed. */
  check(): Promise<{ readonly mutation: LocalMutation; readonly verdict: Verdict } | undefined>;
  /** Performs the current mutation on the global version, and goes on to the next. */
  preserve(): Promise<Performed>;
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
  /** Ends and leaves everything as it was before. */
  abort(): Promise<void>;
}
