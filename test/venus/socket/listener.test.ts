import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CodaError } from '../../../src/ipc/errors.ts';
import { Listener } from '../../../src/venus/socket/listener.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { until } from '../support.ts';
import { RawClient } from './servedVenus.ts';

const temporary = useTemporaryDirectory();
const path = () => temporary('run', 'venus.sock');
const uid = process.getuid?.() ?? 0;
const listeners: Listener[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const listener of listeners.splice(0)) await listener.close();
});

/** Answers the name of the dialect and what it was sent. */
function echo(name: string) {
  return (socket: Socket) => {
    socket.on('data', (bytes) => socket.write(`${name}:${bytes.toString()}`));
    socket.on('end', () => socket.end());
    socket.on('error', () => undefined);
  };
}
async function listen(at = path(), owner = uid): Promise<Listener> {
  const listener = await Listener.open(at, owner, echo('pioctl'), echo('http'));
  listeners.push(listener);
  return listener;
}
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (error instanceof CodaError) return error.code;
    throw error;
  }
}
async function says(text: string, at = path()): Promise<string> {
  const client = await RawClient.connect(at);
  client.send(text);
  const answer = await client.untilReceived((received) => received.includes(':'));
  client.socket.destroy();
  return answer;
}

describe('the first byte', () => {
  it.each([
    ['0', 'pioctl:0'],
    ['9\n', 'pioctl:9\n'],
    ['GET', 'http:GET'],
    ['/', 'http:/'],
    [':', 'http::'],
    ['\0', 'http:\0'],
    [' 1', 'http: 1'],
    ['\x7f', 'http:\x7f'],
  ])('of %j tells the dialect, which gets it too', async (text, answer) => {
    await listen();
    expect(await says(text)).toBe(answer);
  });

  it('has ten seconds to come', async () => {
    await listen();
    const early = await RawClient.connect(path());
    early.send('1');
    await early.untilReceived((received) => received !== '');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const client = await RawClient.connect(path());
    const other = await RawClient.connect(path());
    // Connections are accepted in their order.
    other.send('1');
    await other.untilReceived((received) => received !== '');
    vi.advanceTimersByTime(9999);
    expect(client.ended).toBe(false);
    vi.advanceTimersByTime(1);
    expect(await client.untilEnded()).toBe('');
    for (const present of [early, other]) {
      expect(present.ended).toBe(false);
      present.socket.destroy();
    }
  });

  it('that never comes before the end closes', async () => {
    await listen();
    const client = await RawClient.connect(path());
    client.socket.end();
    expect(await client.untilEnded()).toBe('');
  });
});

describe('the socket', () => {
  it('belongs to its user alone, as the directory that is made for it', async () => {
    await listen();
    expect((statSync(path()).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(temporary('run')).mode & 0o777).toString(8)).toBe('700');
  });

  it('goes with its venus, and so do its connections', async () => {
    const listener = await listen();
    const [silent, busy] = [await RawClient.connect(path()), await RawClient.connect(path())];
    busy.send('1');
    await busy.untilReceived((received) => received !== '');
    await listener.close();
    for (const client of [silent, busy]) await client.untilEnded();
    expect(existsSync(path())).toBe(false);
    listeners.length = 0;
  });

  it('that a killed venus left is replaced', async () => {
    mkdirSync(temporary('run'), { mode: 0o700 });
    const program = `require('net').createServer().listen(${JSON.stringify(path())}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', program]).signal).toBe('SIGKILL');
    expect(lstatSync(path()).isSocket()).toBe(true);
    await listen();
    expect(await says('1')).toBe('pioctl:1');
  });

  it('at which another venus answers stays its own', async () => {
    await listen();
    expect(await refusal(listen())).toBe('in-use');
    expect(await says('1')).toBe('pioctl:1');
  });

  it.each<readonly [string, (at: string) => void]>([
    ['a file', (at) => writeFileSync(at, 'precious')],
    ['a directory', (at) => mkdirSync(at)],
    ['a link', (at) => symlinkSync('elsewhere', at)],
  ])('is not made in the place of %s', async (_, make) => {
    mkdirSync(temporary('run'), { mode: 0o700 });
    make(path());
    const before = lstatSync(path());
    expect(await refusal(listen())).toBe('configuration');
    expect(lstatSync(path()).ino).toBe(before.ino);
    if (before.isFile()) expect(readFileSync(path(), 'utf8')).toBe('precious');
  });

  it.each([
    ['700', 'done'],
    ['755', 'done'],
    // As /tmp: others may make names there, and not change those of somebody else.
    ['1777', 'done'],
    ['777', 'configuration'],
    ['770', 'configuration'],
    ['702', 'configuration'],
  ])('in a directory of mode %s: %s', async (mode, end) => {
    mkdirSync(temporary('run'));
    chmodSync(temporary('run'), Number.parseInt(mode, 8));
    expect(await refusal(listen())).toBe(end);
    expect(existsSync(path())).toBe(end === 'done');
  });

  it('is not made by a path that is too long for the system', async () => {
    expect(await refusal(listen(temporary('x'.repeat(108))))).toBe('configuration');
  });
});

describe('connections', () => {
  it('beyond 256 are closed at once, until another one goes', async () => {
    await listen();
    const clients = await Promise.all(Array.from({ length: 256 }, () => RawClient.connect(path())));
    const [first, last] = [clients[0], clients[255]];
    last?.send('1');
    await last?.untilReceived((received) => received === 'pioctl:1');
    const begun = Date.now();
    const refused = await RawClient.connect(path());
    expect(await refused.untilEnded()).toBe('');
    // One that says nothing is closed later anyway.
    expect(Date.now() - begun).toBeLessThan(5000);
    first?.socket.destroy();
    await until(async () => {
      const next = await RawClient.connect(path());
      next.send('1');
      const answered = await Promise.race([
        next
          .untilReceived((received) => received !== '')
          .then(
            () => true,
            () => false,
          ),
        next.untilEnded().then(() => false),
      ]);
      next.socket.destroy();
      return answered;
    });
    for (const { socket } of clients) socket.destroy();
  });
});
