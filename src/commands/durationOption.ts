import { parseDuration } from '../term/time.ts';
import type { Options } from './command.ts';
import { UsageError } from './exitStatus.ts';

/** Seconds given with an option, as `2h` or `90`. @throws UsageError for what is no duration */
export function durationOption(options: Options, name: string): number | undefined {
  const text = options.value(name);
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined)
    throw new UsageError(`--${name}: ${text} is not a duration; write 90s, 5m, 2h or 1d`);
  return seconds;
}
