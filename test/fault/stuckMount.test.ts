import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/commands/coda/isRunning.ts';
import { bin, finish } from '../e2e/support.ts';
import { runOnTerminal } from '../e2e/terminal.ts';

const fixedName = fileURLToPath(new URL('fixedPioctlName.cjs', import.meta.url));

let directory: string;
let fifo: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coda-stuck-'));
  // An open of it never returns while nobody opens the other end.
  fifo = join(directory, '...PIOCTL.80000000');
  execFileSync('mkfifo', [fifo]);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function start(...words: readonly string[]) {
  const venus = ['--venus', `mount:${directory}`, '--timeout', '1s'];
  return spawn(process.execPath, ['-r', fixedName, join(bin, 'cfs'), ...words, ...venus], {
    env: { PATH: process.env['PATH'] },
    stdio: 'pipe',
  });
}

/** What must hold whichever open it is that does not return. */
async function expectInTime(child: ReturnType<typeof start>): Promise<void> {
  const began = Date.now();
  const finished = await finish(child);
  expect(Date.now() - began).toBeLessThan(3000);
  expect(finished).toMatchObject({
    status: null,
    signal: 'SIGALRM',
    stdout: '',
    stderr: `${directory}/x: no answer within 1 s (waited for getacl of /x, open of ${fifo})\n`,
  });
  expect(isRunning(child.pid ?? 0)).toBe(false);
}

describe('a mounted venus that does not answer', () => {
  it('keeps a tool no longer than --timeout when it hangs at the request', async () => {
    await expectInTime(start('la', `${directory}/x`));
  });

  it('keeps a tool no longer than --timeout when it hangs at the answer', async () => {
    const child = start('la', `${directory}/x`);
    const request: Buffer[] = [];
    // Takes the request; the open for the answer then waits for ever.
    createReadStream(fifo).on('data', (bytes) => request.push(Buffer.from(bytes)));
    await expectInTime(child);
    expect(Buffer.concat(request).toString()).toBe('2\n2\n1\n0\n2048\n\0/x');
  });

  it('keeps a tool that asks about many paths no longer', async () => {
    const words = Array.from({ length: 8 }, (_, at) => `${directory}/x${at}`);
    const began = Date.now();
    const finished = await finish(start('la', ...words));
    expect(Date.now() - began).toBeLessThan(3000);
    expect(finished.signal).toBe('SIGALRM');
    expect(finished.stderr.trim().split('\n')).toHaveLength(8);
  });

  it('keeps a person no longer either, on a terminal that tells no width', async () => {
    const env = { PATH: process.env['PATH'] ?? '', TERM: 'xterm', NODE_OPTIONS: `-r ${fixedName}` };
    const words = ['la', `${directory}/x`, '--venus', `mount:${directory}`, '--timeout', '2s'];
    const began = Date.now();
    const finished = await runOnTerminal({ env }, ['cfs', ...words]);
    expect(Date.now() - began).toBeLessThan(5000);
    expect(finished.stdout).toContain('no answer within 2 s');
    expect(finished.stdout.length).toBeLessThan(10_000);
  });
});
