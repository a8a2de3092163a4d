/** The lines typed before, newest first, as readline wants them. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeText, encodeText } from '../../ipc/text.ts';

/** Lines that are kept. */
export const MAX_LINES = 500;

/** `$XDG_STATE_HOME/coda/repair_history`; undefined for somebody without a home. */
export function historyFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const state = env['XDG_STATE_HOME'];
  const home = env['HOME'];
  if (state?.startsWith('/')) return join(state, 'coda', 'repair_history');
  return home ? join(home, '.local', 'state', 'coda', 'repair_history') : undefined;
}

/** None where there is no file yet, or none that can be read. */
export function readHistory(file: string): string[] {
  try {
    const lines = decodeText(readFileSync(file)).split('\n');
    return lines
      .filter((line) => line !== '')
      .slice(-MAX_LINES)
      .reverse();
  } catch {
    return [];
  }
}

/** Replaces the file as a whole; only its owner can read it. @throws Error of the file system */
export function writeHistory(file: string, newestFirst: readonly string[]): void {
  const lines = newestFirst.slice(0, MAX_LINES).toReversed();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, encodeText(lines.map((line) => `${line}\n`).join('')), { mode: 0o600 });
  renameSync(unfinished, file);
}
