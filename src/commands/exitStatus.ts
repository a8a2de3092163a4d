import { CodaError, VenusError } from '../ipc/errors.ts';

/** How a tool ends; the one place for it. coda-toolkit(7) has the table for users. */
export const ExitStatus = {
  Done: 0,
  /** Failed, or done only in part. */
  Failed: 1,
  Usage: 2,
  NoVenus: 3,
  /** Token missing or expired. */
  NoToken: 4,
  /** Servers unreachable, or an answer that did not come in time: try again later. */
  Unreachable: 5,
  /** Something is in conflict: repair is needed. */
  Conflict: 6,
  PermissionDenied: 7,
  /** Refused, because unsent work would be lost. */
  WouldLoseData: 8,
  Interrupted: 130,
} as const;

export type ExitStatus = (typeof ExitStatus)[keyof typeof ExitStatus];

/** The user typed something that has no meaning. */
export class UsageError extends CodaError {
  readonly code = 'usage';
}

/** By the codes of errors; what is not here has failed. */
const statusOfCode: ReadonlyMap<string, ExitStatus> = new Map([
  ['usage', ExitStatus.Usage],
  ['configuration', ExitStatus.Usage],
  ['not-coda', ExitStatus.Usage],
  ['bad-path', ExitStatus.Usage],
  ['bad-entry', ExitStatus.Usage],
  ['no-venus', ExitStatus.NoVenus],
  ['token-expired', ExitStatus.NoToken],
  ['time-limit', ExitStatus.Unreachable],
  ['unreachable', ExitStatus.Unreachable],
  ['server-dead', ExitStatus.Unreachable],
  ['server-busy', ExitStatus.Unreachable],
  ['connection-lost', ExitStatus.Unreachable],
  ['would-lose-data', ExitStatus.WouldLoseData],
  ['wrong-password', ExitStatus.PermissionDenied],
  ['auth-denied', ExitStatus.PermissionDenied],
  ['conflict', ExitStatus.Conflict],
  ['interrupted', ExitStatus.Interrupted],
]);

/** The status that belongs to an error. */
export function exitStatusOf(error: unknown): ExitStatus {
  if (error instanceof VenusError) return statusOfErrno(error);
  return error instanceof CodaError ? (statusOfCode.get(error.code) ?? ExitStatus.Failed) : ExitStatus.Failed;
}

function statusOfErrno(error: VenusError): ExitStatus {
  if (error.is('ETIMEDOUT') || error.is('EAGAIN')) return ExitStatus.Unreachable;
  if (error.is('ENOTCONN')) return ExitStatus.NoToken;
  if (error.is('EACCES') || error.is('EPERM')) return ExitStatus.PermissionDenied;
  return ExitStatus.Failed;
}

/** Of several things done one after the other: the status of all, if they agree, else "done only in part". */
export function combineStatus(statuses: readonly ExitStatus[]): ExitStatus {
  const [first = ExitStatus.Done] = statuses;
  return statuses.every((status) => status === first) ? first : ExitStatus.Failed;
}
