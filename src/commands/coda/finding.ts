import type { ExitStatus } from '../exitStatus.ts';

/** What doctor tells apart. Scripts know these words. */
export type Cause =
  | 'conflict'
  | 'no-token'
  | 'token-expired'
  | 'token-of-another-user'
  | 'unreachable'
  | 'quota'
  | 'server-full'
  | 'write-disconnected'
  | 'sending'
  | 'fault'
  | 'unknown'
  | 'other-owner'
  | 'writer-waits'
  | 'cache-full'
  | 'disk-full'
  | 'venus-not-running';

/** One thing that keeps changes from the servers, and the command that comes next. */
export interface Finding {
  readonly cause: Cause;
  readonly why: string;
  readonly next: string;
  /** For `--exit-code`. */
  readonly status: ExitStatus;
}

/** How far the sending of a log has come. */
export function sentOf({ done, total }: { readonly done: number; readonly total: number }): string {
  return `${done} of ${total} changes are out`;
}
