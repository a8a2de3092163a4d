import { type ErrnoName, errno } from '../ipc/errno.ts';
import { VenusError } from '../ipc/errors.ts';

/** Throws venus's errno. */
export function fail(name: ErrnoName, why?: string): never {
  throw new VenusError(errno(name), why === undefined ? {} : { why });
}
