/**
 * A login over auth2, from the start of clog to the token in venus, beside one over the embedded venus's HTTP and the start
 * of Node itself in the same run. Bar: at most 150 ms over auth2, on loopback.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interleave, median } from './interleave.mjs';

const ROUNDS = 40;
const BAR = 150;

const bin = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin');
const directory = mkdtempSync(join(tmpdir(), 'coda-bench-'));
const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
const places = { XDG_RUNTIME_DIR: directory, XDG_DATA_HOME: directory, CODACONFPATH: directory };
const env = { ...inherited, ...places };
const node = process.execPath;

try {
  const { auth2Port } = JSON.parse(run('coda', ['up', '--realm', 'bench.realm', '--auth2', '0', '--json']));
  run('coda', ['realm', 'user', 'add', 'jan'], 'changeme\n');
  const login = ['--password-command', 'echo changeme', 'jan@bench.realm'];
  const words = [node, join(bin, 'clog')];
  const times = interleave(
    {
      'node -e 0': { words: [node, '-e', '0'], env },
      'clog, auth2': { words: [...words, '-host', `127.0.0.1:${auth2Port}`, ...login], env },
      'clog, HTTP': { words: [...words, ...login], env },
    },
    ROUNDS,
  );
  for (const [name, values] of times) {
    const milliseconds = median(values);
    const isBarred = name === 'clog, auth2';
    console.log(
      `${name.padEnd(14)} ${milliseconds.toFixed(1).padStart(6)} ms${isBarred ? `  (at most ${BAR})` : ''}`,
    );
    if (isBarred && milliseconds > BAR) process.exitCode = 1;
  }
} finally {
  run('coda', ['down']);
  rmSync(directory, { recursive: true, force: true });
}

function run(tool, words, input = '') {
  const { status, stderr, stdout } = spawnSync(join(bin, tool), words, { env, encoding: 'utf8', input });
  if (status !== 0) throw new Error(`${tool} ${words.join(' ')}: ${stderr}`);
  return stdout;
}
