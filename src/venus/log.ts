import { writeSync } from 'node:fs';

/** Writes a fault of venus's own to its log, which is its stderr. Faults never hold contents, passwords or tokens. */
export function logFault(where: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  logNote(`${where}: ${text}`);
}

/** Writes a line to venus's log. */
export function logNote(text: string): void {
  venusLog.write(`${new Date().toISOString()} ${text}\n`);
}

export const venusLog = {
  /**
   * What cannot be written, as the disk is full or the reader is gone, is lost: there is no other place for it, and
   * venus goes on. (A stream would end the process, or itself.)
   */
  write(line: string): void {
    try {
      writeSync(process.stderr.fd, line);
    } catch {
      return;
    }
  },
};
