import { splitPath } from '../ipc/codaPath.ts';
import { CodaError } from '../ipc/errors.ts';

/** An entry that cannot be the name of a mount point; some would take a real venus down (spec/cfs.md, Q3). */
export class BadEntryError extends CodaError {
  readonly code = 'bad-entry';
}

export interface MountEntry {
  /** The directory, as it was typed. */
  readonly directory: string;
  readonly entry: string;
}

/** Cuts a path at its last slash. @throws BadEntryError for `.`, `..` and the Coda root */
export function mountEntry(typed: string): MountEntry {
  const { directory, entry } = splitPath(typed);
  if (entry !== '' && entry !== '.' && entry !== '..') return { directory, entry };
  throw new BadEntryError('Invalid argument', {
    why: `${typed === '' ? 'An empty name' : typed} cannot be the name of a mount point.`,
    next: 'Name it by the directory it is in and a name of its own, as dir/name.',
  });
}
