import { ArchiveLimitError } from '../../cml/archive/errors.ts';
import { checkpointLog } from '../../ipc/calls/checkpointLog.ts';
import { volumeOf } from '../client/place.ts';
import { fail } from '../fail.ts';
import { handler } from './handler.ts';

/** Always into the spool of the client: a directory of the caller's choice is real venus's, and a trap there (spec/cml.md, 8, 6). */
export const checkpointLogHandler = handler(checkpointLog, async ({ session }, path, directory) => {
  if (directory !== undefined)
    fail('EOPNOTSUPP', 'The embedded venus writes checkpoints to its own spool only.');
  const volume = volumeOf(await path.place());
  try {
    await session.checkpoint(volume);
  } catch (error) {
    if (error instanceof ArchiveLimitError) fail('EFBIG', error.message);
    throw error;
  }
});
