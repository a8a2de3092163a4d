import { readFileSync } from 'node:fs';

/** What the kernel names as the thread that closes what a process had open when it ended. */
const ENDED = 0;

/** Whether a thread belongs to a process that lives, and that is another one than that of a thread that closes. */
export function isOfOther(thread: number, closing: number): boolean {
  if (thread === closing) return false;
  const [owner, closer] = [processOf(thread), closing === ENDED ? ENDED : processOf(closing)];
  return owner !== undefined && closer !== undefined && owner !== closer;
}

/** The process of a thread; undefined if it has ended. */
function processOf(thread: number): number | undefined {
  try {
    const [, state = '', id] =
      /^State:\s+(\S)[^]*^Tgid:\s+(\d+)/m.exec(readFileSync(`/proc/${thread}/status`, 'utf8')) ?? [];
    return id === undefined || 'ZX'.includes(state) ? undefined : Number(id);
  } catch {
    return undefined;
  }
}
