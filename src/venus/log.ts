/** Writes a fault of venus's own to its log, which is its stderr. Faults never hold contents, passwords or tokens. */
export function logFault(where: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  logNote(`${where}: ${text}`);
}

/** Writes a line to venus's log. */
export function logNote(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}
