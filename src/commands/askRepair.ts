import { call } from '../ipc/call.ts';
import { repairCommand } from '../ipc/calls/repairCommand.ts';
import type { Context } from './context.ts';

/** Asks about the first record of a modify log. @returns venus's text; undefined if it failed, which is reported */
export async function askRepair(
  context: Context,
  typed: string,
  action: number,
  label: string,
): Promise<string | undefined> {
  try {
    const { path } = await context.target(typed);
    const text = await call(await context.pioctls(), repairCommand, path, { action });
    context.succeed();
    return text;
  } catch (error) {
    await context.fail(error, label, typed);
    return undefined;
  }
}
