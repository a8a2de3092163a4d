import type { CmlLine } from '../cml/cmlLine.ts';
import { parseCmlLine } from '../cml/cmlText.ts';

/** One line of listlocal, taken apart for `--json` (spec/cfs.md, 6.8). */
export type LogLine =
  | CmlLine
  /** The last line. */
  | { readonly volume: string; readonly logEntries: number }
  /** What is none: names are written raw, and may hold newlines. */
  | { readonly text: string };

/** Characters: two paths and more. What is longer is no line of venus, and would only take time. */
const MAX_LINE = 16 * 1024;

/** @param text without its newline */
export function parseLogLine(text: string): LogLine {
  if (text.length > MAX_LINE) return { text };
  const [, count, volume] = /^(\d+) entries total in the modify log for volume (.*)$/s.exec(text) ?? [];
  if (volume !== undefined) return { volume, logEntries: Number(count) };
  return parseCmlLine(text) ?? { text };
}
