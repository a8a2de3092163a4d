import { TimeLimitError } from './errors.ts';

/** How long one request may take, in milliseconds. */
export type Milliseconds = number;

/** Milliseconds on a clock that nobody sets. (`performance.now()` takes half a millisecond to load.) */
export function monotonicTime(): Milliseconds {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The error for a request that got no answer in time. @param what what was waited for, as `getacl of /usr` */
export function timeLimitError(what: string, limit: Milliseconds): TimeLimitError {
  return new TimeLimitError(`no answer within ${limit / 1000} s (waited for ${what})`, {
    why: 'Venus is busy, stopped, or waits for servers that do not answer.',
    next: 'Try again later, or give it more time with --timeout.',
  });
}

/** Settles as `work` does, or rejects when the limit has passed. The work itself is not stopped. */
export function withTimeLimit<T>(work: Promise<T>, limit: Milliseconds, what: () => string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timeLimitError(what(), limit)), limit);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
