/**
 * compareDirs on a directory in conflict at three servers of an embedded venus, with 10,000 and with 100,000 entries on each,
 * beside listing the same three directories. Bar: time per entry with the long directory is not more than twice what it is with the
 * short one, and neither is the time beside that of the listing. Needs a build (npm run build).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median } from './interleave.mjs';

const [SHORT, LONG, ROUNDS, OWN] = [10_000, 100_000, 3, 50];
const MOST = 2;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const directory = mkdtempSync(join(tmpdir(), 'coda-bench-'));
mkdirSync(join(directory, 'run'));
const env = {
  PATH: `${join(root, 'bin')}:${process.env.PATH}`,
  HOME: directory,
  XDG_RUNTIME_DIR: join(directory, 'run'),
  XDG_DATA_HOME: directory,
  CODACONFPATH: join(directory, 'none'),
  CODA_CLIENT: 'a',
  CODA_CWD: '/coda/bench.realm',
};
const CUTS = ['a s2', 'a s3', 'b s1', 's1 s2', 's1 s3'];

try {
  await build({
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    entryPoints: [join(root, 'bench', 'longDirectoryWorker.ts')],
    outfile: join(directory, 'worker.mjs'),
    logLevel: 'warning',
  });
  sh('coda up --realm bench.realm --servers s1,s2,s3 --clients a,b');
  sh('echo janjan | coda realm user add jan --administrator');
  for (const client of ['a', 'b']) sh(`echo janjan | CODA_CLIENT=${client} clog jan@bench.realm`);
  const [short, long] = [measure(SHORT), measure(LONG)];
  const growth = long.compare / short.compare / (LONG / SHORT);
  const beside = Math.max(...[short, long].map(({ compare, listing }) => compare / listing));
  console.log(
    `for each entry of the long one: ${growth.toFixed(2)} times the time; at most ${beside.toFixed(2)} times a listing (both at most ${MOST})`,
  );
  if (growth > MOST || beside > MOST) process.exitCode = 1;
} finally {
  spawnSync('coda', ['down'], { env });
  rmSync(directory, { recursive: true, force: true });
}

/** Medians in milliseconds. */
function measure(count) {
  const at = `d${count}`;
  sh(
    `node worker.mjs ${count} | coda realm volume restore --as u.${count} - && cfs mkmount ${at} u.${count}`,
  );
  for (const way of CUTS) sh(`coda realm link cut ${way}`);
  sh(`coda mkdir $(seq -f ${at}/one-%g ${OWN}) ${at}/same`);
  sh(`CODA_CLIENT=b coda mkdir $(seq -f ${at}/other-%g ${OWN}) ${at}/same`);
  for (const way of CUTS) sh(`coda realm link heal ${way}`);
  while (!sh('coda conflicts').includes(`/${at}\n`)) sh('sleep 0.2');
  const [listings, compares] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    compares.push(timed(() => compare(at)));
    sh(`cfs expand ${at}`);
    listings.push(timed(() => sh(`coda ls ${at}/s1 ${at}/s2 ${at}/s3 > /dev/null`)));
    sh(`cfs collapse ${at}`);
  }
  const [listing, comparing] = [median(listings), median(compares)];
  console.log(
    `3 x ${count} entries: listed in ${listing.toFixed(0)} ms, compared in ${comparing.toFixed(0)} ms: ${((1000 * comparing) / (3 * count)).toFixed(1)} us for each entry`,
  );
  return { listing, compare: comparing };
}

/** A whole session, which ends with the conflict as it was. */
function compare(at) {
  const { stdout } = spawnSync('repair', [], {
    cwd: directory,
    env,
    input: `begin ${at}\ncompare ${at} fix\nyes\n\n\n\nquit\n`,
    encoding: 'utf8',
  });
  if (!stdout.includes('Operations to resolve conflicts are in')) throw new Error(stdout);
}

function sh(line) {
  const { stdout, stderr, status } = spawnSync('bash', ['-o', 'pipefail', '-c', line], {
    cwd: directory,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${line}: ${stderr}`);
  return stdout;
}

function timed(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}
