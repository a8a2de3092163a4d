import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/commands/coda/isRunning.ts';
import { type DaemonStatus, daemonStatusSchema } from '../../src/ipc/socket/routes.ts';
import { TestRealm, until } from './support.ts';

let realm: TestRealm;
const laptop = { CODA_CLIENT: 'laptop' };
const desk = { CODA_CLIENT: 'desk' };
type Client = typeof laptop;
const UP = ['--processes', '--clients', 'laptop,desk'];

const coda = (env: Client, words: readonly string[], input = '') => realm.run('coda', words, { env, input });
const ok = async (env: Client, tool: string, words: readonly string[], input = '') =>
  realm.ok(tool, words, { env, input });
const put = (env: Client, name: string, input: string) => ok(env, 'coda', ['put', '-', name], input);
const cat = async (env: Client, name: string) => (await coda(env, ['cat', name])).stdout;
const link = (...words: readonly string[]) => ok(laptop, 'coda', ['realm', 'link', ...words]);

async function processes(): Promise<DaemonStatus['processes']> {
  const text = await ok(desk, 'coda', ['status', '--json']);
  return v.parse(daemonStatusSchema, JSON.parse(text)).processes;
}

async function pidOf(name: string): Promise<number> {
  return (await processes()).find((process) => process.name === name)?.pid ?? 0;
}

/** Kills a process, and waits until there is another one in its place. */
async function kill(name: string): Promise<void> {
  const pid = await pidOf(name);
  process.kill(pid, 'SIGKILL');
  await until(async () => ![0, pid].includes(await pidOf(name)));
}

beforeEach(async () => {
  realm = await TestRealm.start(...UP);
  await ok(laptop, 'coda', ['realm', 'user', 'add', 'jan', '--administrator'], 'janjan\n');
  for (const env of [laptop, desk]) await ok(env, 'clog', ['jan@test.realm'], 'janjan\n');
});
afterEach(async () => {
  await coda(laptop, ['down']);
  await realm.end();
});

describe('servers and clients that are processes of their own', () => {
  it('work as one process does', async () => {
    await put(laptop, 'file', 'one\n');
    expect(await cat(desk, 'file')).toBe('one\n');
    await put(laptop, 'file', 'two\n');
    expect(await cat(desk, 'file')).toBe('two\n');
    await put(desk, 'file', 'three\n');
    expect(await cat(laptop, 'file')).toBe('three\n');
    await ok(laptop, 'coda', ['realm', 'volume', 'create', 'vol']);
    await ok(laptop, 'cfs', ['mkmount', 'mount', 'vol']);
    await put(laptop, 'mount/inside', 'inside\n');
    expect(await cat(desk, 'mount/inside')).toBe('inside\n');
    expect(await coda(desk, ['cat', 'nothing'])).toMatchObject({ status: 1 });
  });

  it('are shown with their pids', async () => {
    const shown = await processes();
    expect(shown.map(({ name, role }) => `${name} ${role}`).sort()).toEqual(
      ['venus venus', 's1 server', 'laptop client', 'desk client'].sort(),
    );
    expect(new Set(shown.map(({ pid }) => pid)).size).toBe(4);
    expect(shown[0]?.pid).toBe(realm.pid);
    const text = await ok(laptop, 'coda', ['status']);
    for (const { name, role, pid } of shown.slice(1))
      expect(text).toContain(`  process ${name} (${role}) pid ${pid}\n`);
  });

  it('tell their secrets neither in their arguments nor in their environment', async () => {
    for (const { pid } of await processes()) {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      expect(words.join(' ')).toMatch(
        /^(coda-node \S+\/bin\/coda up|\S*node \S+\/bin\/coda up --foreground .*) $/,
      );
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/CODA_(?!CLIENT)|jan/);
    }
  });

  it('go on apart while a link is cut, and come together when it is healed', async () => {
    await put(laptop, 'file', 'one\n');
    expect(await cat(desk, 'file')).toBe('one\n');
    await link('cut', 'laptop', 's1');
    expect(await link('list')).toContain('laptop  s1  cut\ndesk  s1  open\n');
    await put(laptop, 'of-laptop', 'laptop\n');
    await put(desk, 'file', 'two\n');
    expect(await cat(laptop, 'file')).toBe('one\n');
    expect(await coda(desk, ['cat', 'of-laptop'])).toMatchObject({ status: 1 });
    await link('heal', 'laptop', 's1');
    expect(await cat(laptop, 'file')).toBe('two\n');
    await ok(laptop, 'coda', ['pending', '--wait']);
    expect(await cat(desk, 'of-laptop')).toBe('laptop\n');
  });

  it('are cut off and let in again by cfs disconnect and cfs reconnect', async () => {
    await put(desk, 'file', 'one\n');
    expect(await cat(laptop, 'file')).toBe('one\n');
    await ok(laptop, 'cfs', ['disconnect']);
    expect(await link('list')).toContain('laptop  s1  cut\n');
    await put(desk, 'file', 'two\n');
    expect(await cat(laptop, 'file')).toBe('one\n');
    await ok(laptop, 'cfs', ['reconnect']);
    expect(await link('list')).toContain('laptop  s1  open\n');
    await expect.poll(() => cat(laptop, 'file')).toBe('two\n');
  });

  it('see at once that a group has other members', async () => {
    await ok(laptop, 'coda', ['realm', 'user', 'add', 'kim'], 'kimkim\n');
    await ok(laptop, 'coda', ['mkdir', 'dir']);
    await put(laptop, 'dir/file', 'for the group\n');
    await ok(laptop, 'coda', ['realm', 'group', 'add', 'readers', 'jan']);
    await ok(laptop, 'cfs', ['sa', 'dir', 'readers', 'rl', 'System:AnyUser', 'none']);
    const kim = { env: { ...desk, CODA_UID: '4711' } };
    await realm.ok('clog', ['kim@test.realm'], { ...kim, input: 'kimkim\n' });
    const read = async () => (await realm.run('coda', ['cat', 'dir/file'], kim)).status;
    expect(await read()).toBe(7);
    await ok(laptop, 'coda', ['realm', 'group', 'add', 'readers', 'kim']);
    expect(await read()).toBe(0);
    await ok(laptop, 'coda', ['realm', 'group', 'remove', 'readers', 'kim']);
    expect(await read()).toBe(7);
  });
});

describe('a process that is killed', () => {
  it('comes back: the server, and clients go on', async () => {
    await put(laptop, 'file', 'one\n');
    expect(await cat(desk, 'file')).toBe('one\n');
    await kill('s1');
    await put(laptop, 'file', 'two\n');
    await ok(laptop, 'coda', ['pending', '--wait']);
    expect(await cat(desk, 'file')).toBe('two\n');
    expect(readFileSync(join(realm.data, 'venus.log'), 'utf8')).toMatch(
      / s1 \(pid \d+\) has ended: SIGKILL\n/,
    );
  });

  it('comes back: a client, with what it has not sent, and still cut off', async () => {
    await put(laptop, 'file', 'one\n');
    await link('cut', 'laptop', 's1');
    await put(laptop, 'unsent', 'unsent\n');
    await kill('laptop');
    // The one that takes its place need not listen yet.
    expect(await ok(desk, 'coda', ['realm', 'link', 'list'])).toContain('laptop  s1  cut\n');
    await until(async () => (await cat(laptop, 'unsent')) === 'unsent\n');
    expect(await coda(desk, ['cat', 'unsent'])).toMatchObject({ status: 1 });
    await link('heal', 'laptop', 's1');
    await ok(laptop, 'coda', ['pending', '--wait']);
    expect(await cat(desk, 'unsent')).toBe('unsent\n');
  });

  it('ends with the venus, whose end the others notice; all come up again', async () => {
    const before = await processes();
    await put(laptop, 'file', 'one\n');
    process.kill(realm.pid, 'SIGKILL');
    await realm.up(...UP);
    for (const { pid } of before) expect(isRunning(pid)).toBe(false);
    expect(await cat(desk, 'file')).toBe('one\n');
  });
});

describe('the end', () => {
  it.each(['down', 'SIGTERM', 'SIGINT'] as const)('is clean for all of them: %s', async (how) => {
    const before = await processes();
    await put(laptop, 'file', 'one\n');
    if (how === 'down') await ok(laptop, 'coda', ['down']);
    else process.kill(realm.pid, how);
    await until(() => before.every(({ pid }) => !isRunning(pid)));
    expect(readFileSync(join(realm.data, 'venus.log'), 'utf8')).toBe('');
    expect(readdirSync(realm.data).sort()).toEqual(['clients', 'realm', 'servers', 'venus.log']);
    await realm.up();
    expect(await processes()).toHaveLength(1);
    expect(await cat(desk, 'file')).toBe('one\n');
  });

  it('reaches those that a signal reaches with the venus, as ^C at a terminal', async () => {
    const before = await processes();
    process.kill(-realm.pid, 'SIGINT');
    await until(() => before.every(({ pid }) => !isRunning(pid)));
    expect(readFileSync(join(realm.data, 'venus.log'), 'utf8')).toBe('');
  });
});

it('a data directory whose path is too long for sockets has them in the runtime directory', async () => {
  await ok(laptop, 'coda', ['down']);
  const data = join(realm.directory, 'd'.repeat(100));
  await realm.up(...UP, '--data', data);
  expect(await processes()).toHaveLength(4);
  const sockets = readdirSync(join(realm.directory, 'run', 'coda'), { recursive: true });
  expect(sockets).toContainEqual(expect.stringMatching(/^\w+-\w+\/server-s1\.sock$/));
});

it('what keeps a process from its work is what coda up says, and nothing stays', async () => {
  await ok(laptop, 'coda', ['down']);
  const stranger = createServer();
  await new Promise<void>((resolve) =>
    stranger.listen(join(realm.directory, 'run', 'coda', 'desk.sock'), resolve),
  );
  const { status, stderr } = await coda(laptop, ['up', ...UP]);
  expect(status).toBe(1);
  expect(stderr).toContain('desk.sock: another venus answers there');
  await new Promise((resolve) => stranger.close(resolve));
  await realm.up(...UP);
  expect(await processes()).toHaveLength(4);
});
