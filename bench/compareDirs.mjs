/**
 * Comparing three replicas of a directory in memory, of 10,000 and of 100,000 entries, beside reading the same listings and doing nothing
 * with them. One entry in a thousand differs. Bars: time per entry and memory per entry with the long directory are not more than
 * twice what they are with the short one.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median } from './interleave.mjs';

const [SHORT, LONG, ROUNDS] = [10_000, 100_000, 5];
const MOST = 2;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const directory = mkdtempSync(join(tmpdir(), 'coda-bench-'));

try {
  const worker = join(directory, 'worker.cjs');
  await build({
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    entryPoints: [join(root, 'bench', 'compareDirsWorker.ts')],
    outfile: worker,
    logLevel: 'warning',
  });
  const runs = { [SHORT]: [], [LONG]: [] };
  for (let round = 0; round < ROUNDS; round++)
    for (const count of [SHORT, LONG]) {
      const { stdout, stderr, status } = spawnSync(process.execPath, ['--expose-gc', worker, String(count)], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(stderr);
      runs[count].push(JSON.parse(stdout));
    }
  const of = (count, what) => median(runs[count].map((run) => run[what]));
  for (const count of [SHORT, LONG]) {
    const listing = of(count, 'listing');
    const compare = of(count, 'compare');
    const [kept, peak] = [of(count, 'kept'), of(count, 'peak')];
    console.log(`3 x ${count} entries, ${runs[count][0].differences} differences`);
    console.log(
      `  plain listing ${listing.toFixed(0)} ms, compared ${compare.toFixed(0)} ms: ${((1e6 * compare) / (3 * count)).toFixed(0)} ns for each entry`,
    );
    console.log(
      `  held while it decides: ${(kept / count).toFixed(0)} bytes for each name; peak of the process ${(peak / 2 ** 20).toFixed(0)} MB`,
    );
  }
  const time = of(LONG, 'compare') / of(SHORT, 'compare') / (LONG / SHORT);
  const memory = of(LONG, 'kept') / of(SHORT, 'kept') / (LONG / SHORT);
  console.log(
    `for each entry of the long one: ${time.toFixed(2)} times the time, ${memory.toFixed(2)} times the memory (at most ${MOST})`,
  );
  if (time > MOST || memory > MOST) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}
