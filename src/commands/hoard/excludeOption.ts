import { excluder } from '../../hoard/exclude.ts';
import type { Option, Options } from '../command.ts';
import { CodaError } from '../../ipc/errors.ts';
import { UsageError } from '../exitStatus.ts';

export const excludeOption: Option = {
  flags: '--exclude <glob>',
  repeats: true,
  summary: 'leave out members that a glob fits, as *.o, cache/ or src/**/tmp; may be given again',
};

/** The globs that were given. @throws UsageError */
export function excludesOf(options: Options): readonly string[] {
  const globs = options.values('exclude');
  try {
    excluder(globs);
  } catch (error) {
    if (error instanceof CodaError) throw new UsageError(`--exclude: ${error.message}`, {}, { cause: error });
    throw error;
  }
  return globs;
}
