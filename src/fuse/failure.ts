import { constants } from 'node:os';
import { TimeLimitError, VenusError, VenusUnavailableError } from '../ipc/errors.ts';

/** From here on the kernel takes no errno. */
const LEAST_UNKNOWN = 512;
const { EIO, ETIMEDOUT } = constants.errno;

/** An errno that is known here, without asking venus. */
export function failWith(name: keyof typeof constants.errno): never {
  throw new VenusError(constants.errno[name]);
}

/** What the kernel is told of a failure; undefined for one that is a fault of this program. */
export function errnoOf(error: unknown): number | undefined {
  if (error instanceof VenusError) return error.errno < LEAST_UNKNOWN ? error.errno : EIO;
  // As if its servers were away: whoever waits for it may try again.
  if (error instanceof TimeLimitError || error instanceof VenusUnavailableError) return ETIMEDOUT;
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number' && error.errno < 0)
    return -error.errno;
  return undefined;
}
