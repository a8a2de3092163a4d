import type { ArchiveFormat } from '../cml/archive/entry.ts';
import {
  CodaError,
  TimeLimitError,
  UnsupportedError,
  VenusUnavailableError,
  isErrno,
} from '../ipc/errors.ts';
import type { Context } from './context.ts';
import { type VerifiedCheckpoint, describeCheckpoint, makeCheckpoint } from './verifiedCheckpoint.ts';

/**
 * A verified copy of the log of the volume at a path, which is told of on stderr, before something of it is thrown away.
 * @throws WouldLoseDataError if there can be none
 */
export async function copyBeforeLoss(
  context: Context,
  path: string,
  format?: ArchiveFormat,
): Promise<VerifiedCheckpoint> {
  const made = await context.waitFor(
    'the checkpoint',
    makeCheckpoint(context, path, { format }).catch(refuse),
  );
  context.terminal.err(`${describeCheckpoint(made)}\n`);
  return made;
}

/** Without a verified copy the work would be lost: nothing is thrown away. */
class WouldLoseDataError extends CodaError {
  readonly code = 'would-lose-data';

  constructor(cause: CodaError) {
    const why = ['Nothing was thrown away, since there is no verified copy.', cause.why];
    const advice = { why: why.filter((part) => part !== undefined).join(' ') };
    super(cause.message, cause.next === undefined ? advice : { ...advice, next: cause.next }, { cause });
  }
}

/** What is no failure of the copy, but of asking for one, stays what it is. */
function refuse(error: unknown): never {
  const isAboutAsking =
    isErrno(error, 'EACCES', 'ENOENT', 'EOPNOTSUPP', 'EAGAIN', 'ETIMEDOUT') ||
    error instanceof TimeLimitError ||
    error instanceof UnsupportedError ||
    error instanceof VenusUnavailableError;
  throw error instanceof CodaError && !isAboutAsking ? new WouldLoseDataError(error) : error;
}
