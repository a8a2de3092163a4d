import { ROOT, call } from '../ipc/call.ts';
import type { ReintegrationLimits } from '../ipc/calls/reintegrationLimits.ts';
import { writeDisconnect } from '../ipc/calls/writeDisconnect.ts';
import { writeDisconnectAll } from '../ipc/calls/writeDisconnectAll.ts';
import { askOnce } from './askOnce.ts';
import type { Context } from './context.ts';
import { echoed } from './eachPath.ts';

/**
 * What writedisconnect, writereconnect, adaptive and strong do: sets when the changes of the volumes that paths lie in
 * are sent, or of all volumes where no path is named. Ends at the first path that fails, as the C tool does
 * (spec/cfs.md, 6.6).
 */
export async function setReintegrationLimits(
  context: Context,
  paths: readonly string[],
  limits: ReintegrationLimits,
): Promise<void> {
  if (paths.length === 0) {
    await askOnce(context, 'VIOC_WD_ALL', (venus) => call(venus, writeDisconnectAll, ROOT, limits));
    return;
  }
  const venus = await context.pioctls();
  const echo = echoed(context, paths, '\n');
  for (const typed of paths) {
    echo(typed);
    try {
      const { path } = await context.target(typed);
      await call(venus, writeDisconnect, path, limits);
      context.succeed();
    } catch (error) {
      await context.fail(error, 'VIOC_WD', typed);
      break;
    }
  }
  if (context.json) context.printJson({ failures: context.failures });
}
