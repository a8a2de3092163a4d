import { TimeLimitError } from '../../ipc/errors.ts';
import { monotonicTime } from '../../ipc/timeLimit.ts';
import { daemonStatusSchema, emptySchema } from '../../ipc/socket/routes.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { isRunning } from './isRunning.ts';

const POLL = 20;

export const down: Command = {
  usage: 'coda down',
  summary: 'stop the embedded venus, cleanly',
  words: { max: 0 },

  async run(context) {
    const http = await context.http('coda down');
    const { pid } = await http.json({ method: 'GET', route: '/status' }, daemonStatusSchema);
    await http.json({ method: 'POST', route: '/shutdown' }, emptySchema);
    await context.waitFor(`the end of venus, pid ${pid}`, untilGone(context, pid));
    if (context.json) context.printJson({ pid, failures: [] });
    else context.print(`venus is down (pid ${pid})\n`);
  },
};

/** Waits for the process that answered; nothing is killed. */
async function untilGone(context: Context, pid: number): Promise<void> {
  const deadline = monotonicTime() + context.timeLimit;
  while (isRunning(pid)) {
    if (monotonicTime() > deadline) {
      throw new TimeLimitError(`venus (pid ${pid}) did not end within ${context.timeLimit / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}
