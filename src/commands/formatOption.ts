import { type ArchiveFormat, archiveFormats } from '../cml/archive/entry.ts';
import type { Options } from './command.ts';
import { UsageError } from './exitStatus.ts';

/** A format of archives given with an option. @throws UsageError for one that there is not */
export function formatOption(options: Options, name: string): ArchiveFormat | undefined {
  const text = options.value(name);
  const format = archiveFormats.find((known) => known === text);
  if (text !== undefined && format === undefined)
    throw new UsageError(`--${name}: ${text} is none of ${archiveFormats.join(', ')}`);
  return format;
}
