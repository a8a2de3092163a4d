import { CodaError } from '../ipc/errors.ts';
import { components } from './finalNames.ts';

/** An entry whose name leads out of the directory it is to be put into. */
export class UnsafeNameError extends CodaError {
  readonly code = 'unsafe-name';

  constructor(name: string, why: string) {
    super(`${name}: ${why}`, { why: 'An archive must not write outside the directory that is named.' });
  }
}

/** The parts of an entry's name; none for the directory itself. @throws UnsafeNameError for `..` and absolute names */
export function safeParts(name: string): readonly string[] {
  if (name.startsWith('/')) throw new UnsafeNameError(name, 'an absolute name');
  const parts = components(name);
  if (parts.includes('..')) throw new UnsafeNameError(name, 'a name that leads out of its directory');
  if (name.includes('\0')) throw new UnsafeNameError(name, 'a name with a NUL');
  return parts;
}
