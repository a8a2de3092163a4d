import { readStdinLine } from '../term/prompts.ts';
import type { Option, Options } from './command.ts';
import type { Context } from './context.ts';
import { ExitStatus } from './exitStatus.ts';

/** The option of every command that asks. */
export const yesOption: Option = { flags: '--yes', summary: 'do not ask' };

/**
 * The question of the dangerous commands, as the C tool asks it (spec/cfs.md, 1.4); with `--json` it goes to stderr. Only
 * an answer that begins with `y` is a yes, and none at all is a no.
 * @param reason what may happen
 * @returns whether to go on; if not, that is counted
 */
export function dares(context: Context, reason: string, options: Options): boolean {
  if (options.flag('yes')) return true;
  const say = (text: string) => (context.json ? context.terminal.err(text) : context.print(text));
  say(`\tDANGER:   ${reason}\n\tDo you really want to do this? [n] `);
  if (readStdinLine().startsWith('y')) {
    say('\tFools rush in where angels fear to tread ........\n');
    return true;
  }
  say('\tDiscretion is the better part of valor!\n');
  context.count(ExitStatus.Failed, 0);
  return false;
}
