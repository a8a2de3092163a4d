import { readFileSync } from 'node:fs';

/** Whether a process runs. One that has ended stays in the table until its parent has noticed, as a zombie. */
export function isRunning(pid: number): boolean {
  try {
    const [, state] = /\) (\w)[^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
