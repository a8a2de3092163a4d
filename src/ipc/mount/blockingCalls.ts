/**
 * System calls that may never return.
 *
 * A pioctl is executed by open(2), which blocks a thread of Node's pool for as long as venus takes. Nothing
 * frees such a thread, and while one is blocked process.exit() does not return. So the calls in progress are
 * counted, and whoever ends the process asks {@link blockedCalls} first.
 */
type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

let inProgress = 0;

/** How many system calls have been started and have not returned. */
export function blockedCalls(): number {
  return inProgress;
}

/** Runs one callback-style call of node:fs and counts it until it returns. */
export function blocking<T>(start: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    inProgress += 1;
    start((error, value) => {
      inProgress -= 1;
      if (error) reject(error);
      else resolve(value);
    });
  });
}
