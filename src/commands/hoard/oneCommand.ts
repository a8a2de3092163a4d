import { type HoardCommand, isFlaw, parseCommand } from '../../hoard/command.ts';
import type { Option, Options } from '../command.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';
import { HoardRun } from './hoardRun.ts';

/** Of everything that reads commands. */
export const debugOption: Option = { flags: '-d, --debug', summary: 'say on stderr what paths become' };

/**
 * What was typed behind `hoard`, a word each, so that names may hold blanks.
 * @throws UsageError
 */
export function commandOfWords(name: string, words: readonly string[]): HoardCommand {
  const parsed = parseCommand(
    [name, ...words].map((text) => ({ text, at: 0 })),
    0,
  );
  if (isFlaw(parsed)) throw new UsageError(parsed.what);
  return parsed;
}

/** Does one command. @throws UsageError */
export async function performOne(
  context: Context,
  name: string,
  words: readonly string[],
  options: Options,
): Promise<void> {
  const command = commandOfWords(name, words);
  const run = await HoardRun.start(context, { exclude: [], verbose: false, debug: options.flag('debug') });
  await run.perform(command);
  await run.end();
}
