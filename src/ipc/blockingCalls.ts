/**
 * System calls that may never return.
 *
 * A pioctl is executed by open(2), which blocks a thread of Node's pool for as long as venus takes; other calls below
 * a mount, and the resolver, may block one too. Nothing
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
  return blockingWork(
    () =>
      new Promise((resolve, reject) => {
        start((error, value) => {
          if (error) reject(error);
          else resolve(value);
        });
      }),
  );
}

/** Runs calls of node:fs/promises, or of others that use the pool, and counts them as one until they have returned. */
export async function blockingWork<T>(work: () => Promise<T>): Promise<T> {
  inProgress += 1;
  try {
    return await work();
  } finally {
    inProgress -= 1;
  }
}
