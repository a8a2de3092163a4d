/**
 * How much time of a processor it takes to read a hoard file of 100,000 lines, and how much the heap grows
 * with it: compared with one of 10,000 lines, which has to take about as much memory.
 * `node --expose-gc bench/hoardParse.mjs`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const directory = mkdtempSync(join(tmpdir(), 'hoard-parse-'));
try {
  const outfile = join(directory, 'hoardLines.cjs');
  const entryPoints = [join(root, 'src/hoard/hoardLines.ts')];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'cjs' });
  const { HoardLines } = createRequire(import.meta.url)(outfile);
  for (const lines of [10_000, 100_000, 100_000, 1_000_000]) {
    const { milliseconds, megabytes, read } = measure(HoardLines, lines);
    console.log(
      `${read} lines: ${milliseconds.toFixed(0)} ms of a processor, heap grows by ${megabytes.toFixed(1)} MB`,
    );
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** Lines are made a piece at a time, as a file is read. */
function* pieces(lines) {
  for (let at = 0; at < lines; at += 1000) {
    const text = Array.from(
      { length: Math.min(1000, lines - at) },
      (_, line) =>
        `add /coda/example.org/usr/jan/project/src/part${line % 100}/file${at + line}.c ${(line % 1000) + 1}:d+\n`,
    ).join('');
    yield Buffer.from(text);
  }
}

function measure(HoardLines, lines) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let [most, read, milliseconds] = [before, 0, 0];
  const parser = new HoardLines();
  for (const piece of pieces(lines)) {
    const began = process.cpuUsage();
    for (const line of parser.take(piece)) if ('command' in line) read += 1;
    const { user, system } = process.cpuUsage(began);
    milliseconds += (user + system) / 1000;
    if (read % 50_000 === 0) globalThis.gc?.();
    if (read % 50_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  for (const line of parser.end()) if ('command' in line) read += 1;
  return { milliseconds, megabytes: (most - before) / 2 ** 20, read };
}
