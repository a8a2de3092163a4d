import { CodaError } from '../ipc/errors.ts';

/** Says on stderr, which is the log of a mount in the background, what nobody can be told otherwise. */
export function logFailure(what: string, error: unknown): void {
  const why =
    error instanceof CodaError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${new Date().toISOString()} ${what}: ${why}\n`);
}
