/**
 * Replays the recorded runs of the C tools with ours, on a real mount that answers with the recorded replies. Every run
 * must print the same, and end alike with CODA_CLASSIC=1, or be in test/golden/deviations.json with the reason.
 * Needs root, /dev/fuse and Debian's python3-fusepy; says why it does not run elsewhere.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const golden = join(root, 'test', 'golden');

const missing = whatIsMissing();
if (missing !== undefined) {
  console.log(`replay: not run, ${missing}`);
  process.exit(0);
}

const deviations = JSON.parse(readFileSync(join(golden, 'deviations.json'), 'utf8'));
const isListed = ({ argv }, classic) =>
  deviations.some(
    (row) => row.argv.join('\0') === argv.join('\0') && (classic || row.classicStatusOnly !== true),
  );

const plain = replay([]);
const classic = replay(['--classic']);
const problems = [
  ...unexpected(plain, false),
  ...unexpected(classic, true),
  ...deviations
    .filter(({ argv }) => !classic.some((run) => !run.pass && run.argv.join('\0') === argv.join('\0')))
    .map(({ argv }) => `${argv.join(' ')}: passes, and is still in deviations.json`),
];
const passed = (runs) => runs.filter(({ pass }) => pass).length;
console.log(
  `replay: ${passed(plain)} of ${plain.length} runs print the same, ${passed(classic)} end alike too`,
);
if (problems.length > 0) throw new Error(problems.join('\n'));

function whatIsMissing() {
  if (process.getuid() !== 0) return 'it needs root to mount';
  if (!existsSync('/dev/fuse')) return '/dev/fuse does not exist';
  const python = (module) => spawnSync('/usr/bin/python3', ['-c', `import ${module}`]).status === 0;
  if (!python('fusepy') && !python('fuse'))
    return 'python3-fusepy is missing (apt-get install python3-fusepy fuse)';
  return undefined;
}

/** The outcome of every recorded run. */
function replay(options) {
  const directory = mkdtempSync(join(tmpdir(), 'coda-replay-'));
  const outcome = join(directory, 'outcome.json');
  try {
    const recordings = ['cli.jsonl', 'pioctl.jsonl'].map((name) => join(golden, name));
    const words = [
      join(golden, 'replay.py'),
      ...recordings,
      join(root, 'bin'),
      '--show',
      '0',
      '--json',
      outcome,
    ];
    const { status, stderr } = spawnSync('/usr/bin/python3', [...words, ...options], { encoding: 'utf8' });
    if (status !== 0 || !existsSync(outcome)) throw new Error(`replay.py ended with ${status}: ${stderr}`);
    return JSON.parse(readFileSync(outcome, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function unexpected(runs, classicStatus) {
  return runs
    .filter((run) => !run.pass && !isListed(run, classicStatus))
    .map(({ argv, stdout, want, exit, want_exit }) => {
      const [found, wanted] = [JSON.stringify(stdout), JSON.stringify(want)];
      return `${argv.join(' ')}: printed ${found} (${exit}), recorded ${wanted} (${want_exit})`;
    });
}
