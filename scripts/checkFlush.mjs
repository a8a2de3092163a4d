/**
 * Shows, by a trace of system calls, that venus answers no update before it is on the disk: every write to a store is
 * followed by a flush of that store, and contents and names of container files are flushed before the store that names
 * them is written, all before the answer is sent. Needs strace; says so where there is none.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin');

if (spawnSync('strace', ['-V']).status !== 0) {
  console.log('flush check: not run, strace is missing (apt-get install strace)');
  process.exit(0);
}

const directory = mkdtempSync(join(tmpdir(), 'coda-flush-'));
const trace = join(directory, 'trace');
const socket = join(directory, 'venus.sock');
const env = {
  ...process.env,
  CODA_VENUS: `unix:${socket}`,
  CODA_CWD: '/coda/flush.realm',
  NODE_EXTRA_CA_CERTS: '',
};

/** Updates of every kind, one after the other. */
const updates = [
  ['coda', ['realm', 'user', 'add', 'jan', '--administrator', '-pipe'], 'password\n'],
  ['clog', ['-pipe', 'jan@flush.realm'], 'password\n'],
  ['coda', ['mkdir', 'dir']],
  ['cfs', ['sa', 'dir', 'jan', 'rl']],
  ['coda', ['put', '-', 'dir/file'], 'contents\n'],
  ['coda', ['put', '-', 'dir/file'], 'other contents\n'],
  ['coda', ['ln', 'dir/file', 'dir/second']],
  ['coda', ['ln', '-s', 'file', 'dir/symbolic']],
  ['coda', ['mv', 'dir/second', 'dir/third']],
  ['coda', ['rm', 'dir/file']],
  ['coda', ['realm', 'group', 'add', 'System:coda', 'jan']],
  ['coda', ['realm', 'volume', 'create', 'vol']],
  ['cfs', ['mkmount', 'mount', 'vol']],
  ['cfs', ['setquota', 'mount', '1000']],
  ['cfs', ['rmmount', 'mount']],
  ['cpasswd', ['jan@flush.realm'], 'password\nOther-0ne\nOther-0ne\n'],
  ['cunlog', ['@flush.realm']],
];

try {
  await traceUpdates();
  const problems = judge(parse(readFileSync(trace, 'utf8')));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  console.log(`flush check: ${updates.length} updates, each on the disk before its answer`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function traceUpdates() {
  const calls = 'read,readv,write,writev,pwrite64,pwritev,fsync,fdatasync,sendto,sendmsg,openat';
  const venus = [process.execPath, join(bin, 'coda'), 'up', '--foreground', '--realm', 'flush.realm'];
  const words = ['-f', '-y', '-ttt', '-s', '0', '-e', `trace=${calls}`, '-e', 'signal=none', '-o', trace];
  const places = ['--data', join(directory, 'data'), '--socket', socket];
  const daemon = spawn('strace', [...words, ...venus, ...places], { env, stdio: 'ignore' });
  const ended = new Promise((resolve) => daemon.once('close', resolve));
  for (let tries = 0; spawnSync(join(bin, 'coda'), ['status'], { env }).status !== 0; tries++) {
    if (tries > 100) throw new Error('venus did not start under strace');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const [tool, options, input = ''] of updates) {
    const { status, stderr } = spawnSync(join(bin, tool), options, { env, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${tool} ${options.join(' ')}: ${stderr}`);
  }
  spawnSync(join(bin, 'coda'), ['down'], { env });
  await ended;
}

/** System calls as { name, path, flags, start, end }, in the order of their ends. */
function parse(text) {
  const unfinished = new Map();
  const calls = [];
  for (const line of text.split('\n')) {
    const [, thread, time, rest] = /^(\d+)\s+([\d.]+) (.*)$/.exec(line) ?? [];
    if (rest === undefined) continue;
    const at = Number(time);
    const begun = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    if (begun) unfinished.set(thread, { name: begun[1], words: begun[2], start: at });
    else if (resumed) {
      const call = unfinished.get(thread);
      if (call) calls.push({ ...call, words: call.words + resumed[2], end: at });
    } else {
      const whole = /^(\w+)\((.*)$/.exec(rest);
      if (whole) calls.push({ name: whole[1], words: whole[2], start: at, end: at });
    }
  }
  return calls.map((call) => ({ ...call, path: /^\d+<([^>]*)>/.exec(call.words)?.[1] ?? '' }));
}

function judge(calls) {
  const problems = [];
  // The pages of a commit are written and flushed; the page that makes it valid is written to a file opened O_DSYNC.
  const synchronous = new Set(
    calls
      .filter(
        ({ name, words }) => name === 'openat' && words.includes('O_DSYNC') && words.includes('data.mdb'),
      )
      .map(({ words }) => /= (\d+)</.exec(words)?.[1]),
  );
  const isWrite = ({ name }) =>
    ['write', 'writev', 'pwrite64', 'pwritev', 'sendto', 'sendmsg'].includes(name);
  const isFlush = ({ name }) => name === 'fsync' || name === 'fdatasync';
  const descriptor = ({ words }) => /^(\d+)</.exec(words)?.[1];
  const stores = calls.filter((call) => isWrite(call) && call.path.endsWith('data.mdb'));
  const containers = calls.filter((call) => isWrite(call) && call.path.includes('/containers/'));
  const answers = calls.filter((call) => isWrite(call) && call.path.startsWith('socket:'));
  const flushedBetween = (path, from, to) =>
    calls.some((call) => isFlush(call) && call.path === path && call.start >= from && call.end <= to);

  const answered = new Set();
  for (const write of stores) {
    const answer = answers.find(({ start }) => start >= write.end);
    if (!answer) continue;
    answered.add(answer);
    if (synchronous.has(descriptor(write))) continue;
    if (!flushedBetween(write.path, write.end, answer.start))
      problems.push(`${write.path}: answered before its flush`);
  }
  for (const write of containers) {
    const store = stores.find(({ start }) => start >= write.end);
    if (!store) continue;
    for (const path of [write.path, dirname(write.path)]) {
      if (!flushedBetween(path, write.end, store.start)) problems.push(`${path}: named before its flush`);
    }
  }
  if (synchronous.size === 0) problems.push('no store was opened O_DSYNC: the trace is not understood');
  if (containers.length < 2) problems.push('no contents were seen: the trace is not understood');
  if (answered.size < updates.length) {
    problems.push(`${answered.size} answers to updates seen, at least ${updates.length} expected`);
  }
  return problems;
}
