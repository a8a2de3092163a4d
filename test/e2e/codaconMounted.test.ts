import { writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordedLines } from '../support/mariner.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';
import { bin, run } from './support.ts';

const temporary = useTemporaryDirectory();
const lines = [
  ...recordedLines('mariner_disc2_volstate.txt'),
  ...recordedLines('mariner_disc2_fetch.txt'),
  'fetch::GetAttr \x1b]0;title\x07',
];

/** The mariner socket of a mounted venus, which plays a recording to whoever subscribes, and ends. */
let server: Server;
beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes: Buffer) => {
      if (bytes.toString().startsWith('set:fetch')) socket.end(lines.map((line) => `${line}\n`).join(''));
    });
  });
  await new Promise<void>((resolve) => server.listen(temporary('mariner'), resolve));
  writeFileSync(temporary('venus.conf'), `marinersocket="${temporary('mariner')}"\n`);
});
afterEach(() => server.close());

const codacon = (...words: readonly string[]) => {
  const env = { PATH: process.env['PATH'] ?? '', CODACONFPATH: temporary(), TZ: 'UTC' };
  return run(join(bin, 'codacon'), ['--venus', 'mount:/coda', ...words], { env });
};

describe('codacon at a mounted Coda', () => {
  it('prints what the C codacon prints, and states of volumes that have changed', async () => {
    const { status, stdout, stderr } = await codacon();
    const printed = stdout.split('\n').map((line) => line.replace(/ \( \d\d:\d\d:\d\d \)$/, ''));
    expect(printed.filter((line) => /^s\.test@/.test(line))).toEqual([
      's.test@coda.test unreachable 0',
      's.test@coda.test reachable 6',
      's.test@coda.test reachable 6 conflict',
      's.test@coda.test reachable 6 reint',
      's.test@coda.test reachable 6 conflict',
    ]);
    const activity = printed.filter((line) => !/@coda\.test (un)?reachable /.test(line));
    const classic = recordedLines('mariner_disc2_fetch.txt')
      .filter((line) => !/^(fetch|store)::.* done$/.test(line))
      .map((line) => line.replace(/^[a-z]+::/, ''));
    expect(activity).toEqual([...classic, 'GetAttr \\x1b]0;title\\x07', '']);
    expect(status).toBe(3);
    expect(stderr).toMatch(/^codacon: venus tells no more of what it does\n/);
  });

  it('prints every line as JSON, with what it tells', async () => {
    const { stdout } = await codacon('--json');
    const found = stdout.trimEnd().split('\n').slice(0, -1);
    expect(found).toHaveLength(lines.length);
    const [first] = found;
    expect(JSON.parse(first ?? '')).toMatchObject({
      kind: 'volumeState',
      volume: '/',
      realm: 'coda.test',
      state: 'reachable',
      entries: 0,
      line: lines[0],
    });
  });

  it('says that there is no history', async () => {
    for (const words of [['--since', '1h'], ['-n', '5'], ['--no-follow']]) {
      const { status, stdout, stderr } = await codacon(...words);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toContain('this venus keeps no history of events');
    }
  });
});
