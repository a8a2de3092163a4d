import { readFileSync } from 'node:fs';

/** The lines that venus wrote, from a recording of its mariner socket. */
export function recordedLines(recording: string): readonly string[] {
  const text = readFileSync(new URL(`../golden/mariner/${recording}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^ *[\d.]+ < (.*)$/gm)].map(([, line = '']) => line);
}
