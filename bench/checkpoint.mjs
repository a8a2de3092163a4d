/**
 * Reading a checkpoint to its end, and verifying it with its log, beside `tar -tf` (or `cpio -t`) of the same archive in
 * the same run: a sparse file of 5 GiB, and 100,000 small files. Bars: verifying with the log at least 0.8 times the
 * throughput of tar or cpio, which only read the archive; memory flat. Times are those of a process that is up, as venus is;
 * the first time in a process and `coda rescue ARCHIVE verify` as a whole take longer, and are printed too. All pass over
 * data by seeking where they can. Needs `npm run build`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median } from './interleave.mjs';

const [ROUNDS, BAR] = [7, 0.8];
/** Megabytes that the memory of a verification may exceed that of an empty Node by, beyond what names need. */
const FLAT = 100;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const directory = mkdtempSync(join(tmpdir(), 'coda-bench-'));
const worker = join(directory, 'worker.mjs');
const coda = join(root, 'bin', 'coda');
let missed = false;

try {
  await build({
    entryPoints: [join(root, 'bench', 'checkpointWorker.mjs')],
    outfile: worker,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const empty = node('nothing').peak;
  console.log(`peak memory of Node doing nothing: ${empty} MB`);
  measure('5 GiB sparse, pax', ['big', 'pax'], ['tar', '-tf']);
  measure('3.9 GiB sparse, newc', ['big', 'newc'], ['cpio', '-t', '--quiet', '-F']);
  measure('100,000 files, pax', ['small', 'pax'], ['tar', '-tf']);
  measure('100,000 files, newc', ['small', 'newc'], ['cpio', '-t', '--quiet', '-F']);
  if (missed) process.exitCode = 1;

  function measure(name, [kind, format], lister) {
    const made = node('make', directory, kind, format);
    const { size, blocks } = statSync(made.archive);
    const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(0);
    console.log(
      `\n${name}: ${megabytes(size)} MB (${megabytes(blocks * 512)} on the disk), writing peaked at ${made.peak} MB`,
    );
    if (spawnSync(lister[0], ['--version']).error) {
      console.log(`  no ${lister[0]} on this machine`);
      return;
    }
    const [listed, first] = [[], node('verify', made.archive, 1)];
    if (!first.verified) throw new Error(`not verified: ${JSON.stringify(first)}`);
    const [read, verify, tool] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      listed.push(timed(() => run(lister[0], [...lister.slice(1), made.archive])));
      read.push(...node('read', made.archive, 4).times.slice(1));
      verify.push(...node('verify', made.archive, 4).times.slice(1));
      tool.push(timed(() => run(process.execPath, [coda, 'rescue', made.archive, 'verify'])));
    }
    const [theirs, reading, verifying, whole] = [listed, read, verify, tool].map(median);
    const extra = first.peak - empty;
    missed ||= theirs / verifying < BAR || extra > FLAT;
    const ratio = (time) => (theirs / time).toFixed(2);
    console.log(`  ${lister[0]} ${theirs.toFixed(1)} ms; the throughput of ours:`);
    console.log(`  reading ${reading.toFixed(1)} ms, ${ratio(reading)} times`);
    console.log(
      `  verifying with the log ${verifying.toFixed(1)} ms, ${ratio(verifying)} times (at least ${BAR})`,
    );
    console.log(
      `  the first time in a process ${first.times[0].toFixed(1)} ms, ${ratio(first.times[0])} times`,
    );
    console.log(`  coda rescue verify, with its start, ${whole.toFixed(1)} ms, ${ratio(whole)} times`);
    console.log(`  verifying peaked at ${first.peak} MB, ${extra} above an empty Node (at most ${FLAT})`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function node(...words) {
  return JSON.parse(run(process.execPath, [worker, ...words]));
}

function run(program, words) {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

function timed(work) {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}
