import { createReadStream, fstatSync, openSync } from 'node:fs';
import { type BadLine, type GoodLine, type HoardLine, HoardLines } from '../../hoard/hoardLines.ts';
import { printable } from '../../term/printable.ts';
import type { Context } from '../context.ts';
import { UsageError } from '../exitStatus.ts';

/** Bytes that are kept of what can be read only once. */
const MOST_KEPT = 64 * 1024 * 1024;

/** A hoard file, to be run through as often as one likes. */
export interface HoardFile {
  /** As messages name it. */
  readonly name: string;
  lines(): AsyncGenerator<HoardLine>;
}

/**
 * Opens a hoard file; `-` is stdin. A file stays on the disk, what can be read only once is kept.
 * @throws UsageError for what cannot be opened
 */
export async function openHoardFile(file: string): Promise<HoardFile> {
  const name = file === '-' ? 'stdin' : file;
  const descriptor = file === '-' ? 0 : open(file);
  const isOnDisk = file !== '-' && fstatSync(descriptor).isFile();
  if (!isOnDisk) {
    const kept = await keep(name, createReadStream(name, { fd: descriptor, autoClose: false }));
    return { name, lines: () => linesOf(toAsync(kept)) };
  }
  const read = () => createReadStream(file, { fd: descriptor, autoClose: false, start: 0 });
  return { name, lines: () => linesOf(read()) };
}

/** What the C tool says. */
function open(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    throw new UsageError(`can't open ${file}`, {}, { cause });
  }
}

async function keep(name: string, chunks: AsyncIterable<unknown>): Promise<readonly Uint8Array[]> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    if (length > MOST_KEPT)
      throw new UsageError(`${name} has more than ${MOST_KEPT} bytes: put it into a file`);
    kept.push(chunk);
  }
  return kept;
}

async function* toAsync(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* await Promise.resolve(chunks);
}

async function* linesOf(chunks: AsyncIterable<unknown>): AsyncGenerator<HoardLine> {
  const lines = new HoardLines();
  for await (const chunk of chunks) if (chunk instanceof Uint8Array) yield* lines.take(chunk);
  yield* lines.end();
}

/** Tells of all bad lines. @returns how many there are */
export async function reportBadLines(context: Context, file: HoardFile): Promise<number> {
  let count = 0;
  for await (const line of file.lines()) {
    if ('command' in line) continue;
    count += 1;
    reportBadLine(context, file.name, line);
  }
  return count;
}

/** The C tool's line, then where and what. */
export function reportBadLine(
  context: Context,
  name: string,
  { line, column, problem, text }: BadLine,
): void {
  const classic = problem.startsWith('priority out of range') ? problem : 'parse error';
  const place = `${name}:${line}:${column}`;
  context.terminal.err(
    `${classic}: ${printable(text.trimEnd())}\n  ${printable(place)}: ${printable(problem)}\n`,
  );
  context.failures.push({ path: place, message: problem });
}

/** The good lines of a file. */
export async function* goodLinesOf(file: HoardFile): AsyncGenerator<GoodLine> {
  for await (const line of file.lines()) if ('command' in line) yield line;
}
