/**
 * The start of a tool, beside the start of Node itself in the same run. Bars: `cfs la` over the socket at most 1.35
 * times `node -e 0`, `cfs --version` at most 1.25 times, with NODE_EXTRA_CA_CERTS unset.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interleave, median } from './interleave.mjs';

const ROUNDS = 150;
const bars = { 'cfs la': 1.35, 'cfs --version': 1.25 };

const bin = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin');
const directory = mkdtempSync(join(tmpdir(), 'coda-bench-'));
const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
const env = { ...inherited, XDG_RUNTIME_DIR: directory, XDG_DATA_HOME: directory };
const node = process.execPath;

try {
  coda('up', '--realm', 'bench.realm');
  const commands = {
    'node -e 0': { words: [node, '-e', '0'], env },
    'cfs la': { words: [node, join(bin, 'cfs'), 'la', '/coda/bench.realm'], env },
    'cfs --version': { words: [node, join(bin, 'cfs'), '--version'], env },
    'cfs help': { words: [node, join(bin, 'cfs'), 'help'], env },
    'cfs la --help': { words: [node, join(bin, 'cfs'), 'la', '--help'], env },
  };
  const times = interleave(commands, ROUNDS);
  const reference = median(times.get('node -e 0'));
  let missed = false;
  for (const [name, values] of times) {
    const ratio = median(values) / reference;
    const bar = bars[name];
    missed ||= bar !== undefined && ratio > bar;
    const verdict = bar === undefined ? '' : `  (at most ${bar})`;
    console.log(
      `${name.padEnd(16)} ${median(values).toFixed(1).padStart(6)} ms  ${ratio.toFixed(2)}${verdict}`,
    );
  }
  if (missed) process.exitCode = 1;
} finally {
  coda('down');
  rmSync(directory, { recursive: true, force: true });
}

function coda(...words) {
  const { status, stderr } = spawnSync(join(bin, 'coda'), words, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`coda ${words.join(' ')}: ${stderr}`);
}
