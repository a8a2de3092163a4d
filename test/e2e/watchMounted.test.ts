import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordedLines } from '../support/mariner.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';
import { bin, run, until } from './support.ts';

const temporary = useTemporaryDirectory();
const children: ChildProcess[] = [];

/** The mariner socket of a mounted venus, which plays a recording to whoever subscribes. */
let server: Server;
beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes: Buffer) => {
      if (!bytes.toString().startsWith('set:fetch')) return;
      const lines = [...recordedLines('mariner_disc2_volstate.txt'), 'fetch::FetchPartial big [2048]'];
      socket.write(lines.map((line) => `${line}\n`).join(''));
    });
  });
  await new Promise<void>((resolve) => server.listen(temporary('mariner'), resolve));
  writeFileSync(temporary('venus.conf'), `marinersocket="${temporary('mariner')}"\n`);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  server.close();
});

const env = () => ({ PATH: process.env['PATH'] ?? '', CODACONFPATH: temporary(), TZ: 'UTC' });
const words = ['watch', '--venus', 'mount:/coda', '--interval', '300ms'];

function watch(...more: readonly string[]): { text: string } {
  const child = spawn(join(bin, 'coda'), [...words, ...more], { env: env() });
  children.push(child);
  const seen = { text: '' };
  child.stdout.on('data', (bytes: Buffer) => (seen.text += bytes.toString()));
  return seen;
}

describe('coda watch at a mounted Coda', () => {
  it('tells what its venus tells, and that the rest is not known', async () => {
    const seen = watch('--json');
    await until(() => seen.text.includes('"kind":"moves"'));
    const lines = seen.text
      .split('\n')
      .slice(0, -1)
      .map((line): unknown => JSON.parse(line));
    const volume = { kind: 'volume', volume: 's.test', realm: 'coda.test', ageSeconds: null };
    expect(lines).toContainEqual(
      expect.objectContaining({ ...volume, state: 'disconnected', pendingEntries: 0, pendingBytes: 0 }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ ...volume, state: 'conflict', pendingEntries: 6, pendingBytes: null }),
    );
    const move = { kind: 'fetch', what: 'big', done: 0, total: null, percent: null, secondsLeft: null };
    expect(lines).toContainEqual(
      expect.objectContaining({ kind: 'moves', moves: [expect.objectContaining(move)] }),
    );
  });

  it('prints it in words', async () => {
    const seen = watch();
    await until(() => seen.text.includes('s.test@coda.test: conflict, 6 changes pending\n'));
    expect(seen.text).toContain('s.test@coda.test: disconnected, nothing pending\n');
  });

  it('ends with 3 where its venus does not run', async () => {
    await new Promise((resolve) => server.close(resolve));
    expect(await run(join(bin, 'coda'), words, { env: env() })).toMatchObject({ status: 3 });
  });
});
