/**
 * `coda pending` and `cfs listlocal` on a modify log of 100,000 records, beside one of 1,000 in the same run. Bars: the first
 * line of `coda pending` within 100 ms, less what `node -e 0` takes as a process; memory of the tool, and what the memory of
 * venus grows by while it lists, as with the short log. The pages of its database that a process has mapped count as its
 * memory, too, though the system can take them back at once, so that those of venus are told apart. listlocal is answered
 * when the whole log is in a file, since the answer of the classic request is the file's name: its first line comes when
 * all has been written, and the 100 ms are no bar for it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { median } from './interleave.mjs';

const [LONG, SHORT, ROUNDS] = [100_000, 1000, 9];
/** Milliseconds, and megabytes that the longer log may cost. */
const [FIRST_LINE, FLAT] = [100, 40];
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'bin');
const directory = mkdtempSync(join(tmpdir(), 'coda-bench-'));
const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
const commands = {
  'coda pending': ['coda', 'pending'],
  'cfs listlocal': ['cfs', 'listlocal', '/coda/bench.realm'],
};
let missed = false;

try {
  const worker = join(directory, 'worker.cjs');
  const entry = join(root, 'bench', 'pendingWorker.ts');
  const common = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', external: ['lmdb'] };
  await build({ ...common, entryPoints: [entry], outfile: worker, logLevel: 'warning' });
  const short = await measure(SHORT, worker);
  const long = await measure(LONG, worker);
  for (const name of Object.keys(commands)) {
    const [{ first, bare, tool, venus, all }, before] = [long[name], short[name]];
    const own = first - bare;
    const grown = [tool - before.tool, venus - before.venus];
    const hasBar = name === 'coda pending';
    const bar = hasBar ? `at most ${FIRST_LINE}` : 'no bar: the whole list is written before it';
    missed ||= (hasBar && own > FIRST_LINE) || grown.some((megabytes) => megabytes > FLAT);
    console.log(`${name}, ${LONG} records in ${all.toFixed(0)} ms`);
    console.log(
      `  first byte after ${first.toFixed(1)} ms, node -e 0 ${bare.toFixed(1)} ms: ${own.toFixed(1)} ms (${bar})`,
    );
    console.log(`  with ${SHORT} records: ${(before.first - before.bare).toFixed(1)} ms`);
    console.log(
      `  peak memory: tool ${tool} MB, ${grown[0]} more than with ${SHORT} records; venus ${long[name].peak} MB, while listing it grew by ${venus} MB, ${grown[1]} more (at most ${FLAT})`,
    );
    console.log(
      `  venus before it: ${long[name].own} MB of its own (${before.own} with ${SHORT} records), ${long[name].mapped} MB of mapped files (${before.mapped})`,
    );
  }
  if (missed) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

/** A venus with a log of some records, and the commands on it. */
async function measure(count, worker) {
  const home = join(directory, String(count));
  const env = { ...inherited, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: home, CODACONFPATH: join(home, 'none') };
  spawnSync('mkdir', ['-p', home]);
  const run = (...words) => must(join(bin, words[0]), words.slice(1), env);
  run('coda', 'up', '--realm', 'bench.realm');
  run('coda', 'down');
  const filling = { ...env, NODE_PATH: join(root, 'node_modules') };
  must(process.execPath, [worker, join(home, 'coda', 'clients', 'venus'), String(count)], filling);
  const { pid } = JSON.parse(run('coda', 'up', '--json'));
  try {
    const measured = {};
    for (const [name, [tool, ...words]] of Object.entries(commands)) {
      const [firsts, bares, tools, alls] = [[], [], [], []];
      writeFileSync(`/proc/${pid}/clear_refs`, '5');
      const [own, mapped] = [memoryOf(pid, 'RssAnon'), memoryOf(pid, 'RssFile')];
      for (let round = 0; round < ROUNDS; round++) {
        bares.push((await listen([process.execPath, '-e', '0'], env)).all);
        const { first, all, peak, lines } = await listen([process.execPath, join(bin, tool), ...words], env);
        if (lines < count) throw new Error(`${name}: ${lines} lines of ${count}`);
        firsts.push(first);
        alls.push(all);
        tools.push(peak);
      }
      const [first, bare, all] = [firsts, bares, alls].map(median);
      const peak = memoryOf(pid, 'VmHWM');
      const venus = peak - memoryOf(pid, 'RssFile') - own;
      measured[name] = { first, bare, all, tool: Math.max(...tools), venus, peak, own, mapped };
    }
    return measured;
  } finally {
    run('coda', 'down');
  }
}

/** Milliseconds to the first byte and to the end, megabytes at most, lines. */
function listen([program, ...words], env) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const since = () => Number(process.hrtime.bigint() - start) / 1e6;
    const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let [first, peak, lines] = [undefined, 0, 0];
    child.stdout.on('data', (bytes) => {
      first ??= since();
      peak = memoryOf(child.pid, 'VmHWM') ?? peak;
      for (const byte of bytes) if (byte === 0x0a) lines += 1;
    });
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve({ first, all: since(), peak, lines });
      else reject(new Error(`${program} ${words.join(' ')} ended with ${status}`));
    });
  });
}

/** Megabytes; undefined for a process that has gone. */
function memoryOf(pid, field) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
  } catch {
    return undefined;
  }
}

function must(program, words, env) {
  const { status, stdout, stderr } = spawnSync(program, words, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}
