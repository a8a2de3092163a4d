import type { Pioctls } from '../ipc/call.ts';
import type { Context } from './context.ts';

/**
 * One request about no object: silent when it is done, reported when it fails, with nothing but the failures in
 * `--json`.
 * @param label what the classic error line begins with; some have two blanks before it
 * @returns whether it was done
 */
export async function askOnce(
  context: Context,
  label: string,
  ask: (venus: Pioctls) => Promise<void>,
): Promise<boolean> {
  const venus = await context.pioctls();
  try {
    await ask(venus);
    context.succeed();
    return true;
  } catch (error) {
    await context.fail(error, label);
    return false;
  } finally {
    if (context.json) context.printJson({ failures: context.failures });
  }
}
