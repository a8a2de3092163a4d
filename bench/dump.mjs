/**
 * A volume of 9 GiB, in a sparse file beyond 4 GiB and 2,000 small ones, dumped through a pipe and restored, and an
 * increment on top of it; beside it `cat` of the same contents on the server's disk, which is what a dump has to read at
 * least. Bars: trees that are the same to the byte, counters that are right, memory that does not grow with contents.
 * Needs a build (npm run build) and some 100 MB on the disk of the temporary directory.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const SIZE = 9 * 1024 ** 3;
/** Megabytes that no process may exceed at its peak: Node and LMDB take about 100 by themselves. */
const FLAT = 220;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const directory = mkdtempSync(join(tmpdir(), 'coda-bench-'));
mkdirSync(join(directory, 'run'));
const env = {
  PATH: `${join(root, 'bin')}:${process.env.PATH}`,
  HOME: directory,
  XDG_RUNTIME_DIR: join(directory, 'run'),
  XDG_DATA_HOME: directory,
  CODACONFPATH: join(directory, 'none'),
};
let missed = false;

try {
  const worker = join(directory, 'worker.mjs');
  const common = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning' };
  await build({ ...common, entryPoints: [join(root, 'bench', 'dumpWorker.ts')], outfile: worker });
  check(await sh(`node ${worker} ${SIZE} > seed.dump`));
  check(await sh('coda up --processes --realm bench.realm'));
  check(
    await sh('echo janjan | coda realm user add jan --administrator && echo janjan | clog jan@bench.realm'),
  );

  report('restored from a file', await sh('coda realm volume restore --as u.big seed.dump'));
  const containers = join(directory, 'coda', 'servers', 's1', 'containers', '0000');
  const large = () =>
    readdirSync(containers)
      .map((name) => join(containers, name))
      .filter((path) => statSync(path).size === SIZE);
  report('cat of the contents', await sh(`cat ${containers}/* > /dev/null`));
  report('dumped through gzip', await sh('coda realm volume dump u.big | gzip -1 > full.gz'));
  report('restored through gunzip', await sh('gunzip -c full.gz | coda realm volume restore --as u.again -'));
  report('verified', await sh('gunzip -c full.gz | coda realm dump verify -'));

  const [one, other] = large();
  bar('contents are the same to the byte', spawnSync('cmp', [one, other]).status === 0);
  const blocks = large().map((path) => statSync(path).blocks * 512);
  bar(
    `both are sparse (${blocks.map(megabytes)} MB on the disk)`,
    blocks.every((size) => size < SIZE / 100),
  );
  bar('trees are the same', (await tree('u.big')) === (await tree('u.again')));
  const { stdout } = await sh('gunzip -c full.gz | coda realm dump verify --json -');
  const { counters } = JSON.parse(stdout);
  const total = BigInt(counters.dataBytes) + BigInt(counters.holeBytes);
  bar(
    `counters are right (${counters.files} files, ${total} bytes)`,
    counters.files === 2001 && total >= BigInt(SIZE),
  );

  check(await sh('cfs mkmount big u.big'));
  writeFileSync(join(directory, 'note'), 'new contents\n');
  check(
    await sh(
      'coda put note big/note && coda rm big/dir2/file11 && coda mv big/dir3/file12 big/dir4/moved && coda mkdir big/new',
    ),
  );
  check(await sh('cfs fr big'));
  report(
    'increment through a pipe',
    await sh(
      'mkfifo base && (gunzip -c full.gz > base 2>/dev/null & coda realm volume dump --since base u.big | gzip -1 > increment.gz)',
    ),
  );
  report('brought forward', await sh('gunzip -c increment.gz | coda realm volume restore --as u.again -'));
  bar('trees are the same again', (await tree('u.big')) === (await tree('u.again')));
  console.log(
    `full.gz ${statSync(join(directory, 'full.gz')).size} bytes, increment.gz ${statSync(join(directory, 'increment.gz')).size} bytes`,
  );

  const { processes } = JSON.parse((await sh('coda status --json')).stdout);
  for (const { name, pid } of processes) {
    const peak = peakOf(pid);
    bar(`peak memory of ${name}: ${peak} MB`, peak < FLAT);
  }
} finally {
  await sh('coda down');
  rmSync(directory, { recursive: true, force: true });
}
if (missed) process.exitCode = 1;

/** Names, kinds, sizes, modes and owners of a volume, as its dump has them. */
async function tree(volume) {
  const { stdout } = await sh(`coda realm volume dump ${volume} | coda realm dump list -`);
  return stdout;
}

/** Runs a line of shell; measures its time, and the largest memory of a tool of ours in it. */
function sh(line) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn('bash', ['-o', 'pipefail', '-c', line], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = [[], []];
    let peak = 0;
    child.stdout.on('data', (bytes) => out.push(bytes));
    child.stderr.on('data', (bytes) => err.push(bytes));
    const timer = setInterval(() => (peak = Math.max(peak, ...childrenOf(child.pid).map(peakOf))), 50);
    child.on('close', (status) => {
      clearInterval(timer);
      const [stdout, stderr] = [out, err].map((pieces) => Buffer.concat(pieces).toString());
      resolve({ status, stdout, stderr, peak, seconds: (performance.now() - started) / 1000 });
    });
  });
}

function childrenOf(pid) {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .filter(Boolean)
    .flatMap((child) => [Number(child), ...childrenOf(child)]);
}

function peakOf(pid) {
  try {
    const [, kilobytes = 0] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}

function check({ status, stderr, stdout }) {
  if (status !== 0) throw new Error(`${stderr}${stdout}`);
}

function report(what, result) {
  check(result);
  const memory = result.peak > 0 ? `, tools peaked at ${result.peak} MB` : '';
  console.log(
    `${what}: ${result.seconds.toFixed(1)} s (${(SIZE / 2 ** 20 / result.seconds).toFixed(0)} MB/s of contents)${memory}`,
  );
}

function bar(what, isReached) {
  console.log(`${isReached ? 'ok    ' : 'MISSED'} ${what}`);
  missed ||= !isReached;
}

function megabytes(bytes) {
  return Math.round(bytes / 2 ** 20);
}
