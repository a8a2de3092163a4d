import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/commands/coda/isRunning.ts';
import { type ServerEntry, serverListSchema } from '../../src/ipc/socket/routes.ts';
import { Database } from '../../src/venus/store/database.ts';
import { TestRealm, until } from './support.ts';

const laptop = { CODA_CLIENT: 'laptop' };
const desk = { CODA_CLIENT: 'desk' };
const UP = ['--servers', 's1,s2,s3', '--clients', 'laptop,desk'];
const modes = [
  { mode: 'in one process', more: [] },
  { mode: 'in processes of their own', more: ['--processes'] },
];
let realm: TestRealm;

const run = (words: readonly string[], input = '', env: Readonly<Record<string, string>> = laptop) =>
  realm.run('coda', words, { env, input });
const ok = (tool: string, words: readonly string[], input = '', env: typeof laptop = laptop) =>
  realm.ok(tool, words, { env, input });
const server = (...words: readonly string[]) => ok('coda', ['realm', 'server', ...words]);
const link = (...words: readonly string[]) => ok('coda', ['realm', 'link', ...words]);
const put = (name: string, input: string) => ok('coda', ['put', '-', name], input);
const cat = async (env: typeof laptop, name: string) => (await run(['cat', name], '', env)).stdout;

async function servers(): Promise<readonly ServerEntry[]> {
  return v.parse(serverListSchema, JSON.parse(await server('list', '--json'))).servers;
}

/** Which servers are up, and whom each of them reaches. */
async function reached(): Promise<readonly string[]> {
  return (await servers()).map(({ name, state, reaches }) => `${name} ${state}: ${reaches.join(' ')}`);
}

async function login(): Promise<void> {
  await ok('coda', ['realm', 'user', 'add', 'jan', '--administrator'], 'janjan\n');
  for (const env of [laptop, desk]) await ok('clog', ['jan@test.realm'], 'janjan\n', env);
}

afterEach(async () => {
  await run(['down']);
  await realm.end();
});

describe.each(modes)('three servers $mode', ({ more }) => {
  beforeEach(async () => {
    realm = await TestRealm.start(...UP, ...more);
    await login();
  });

  it('come up, reach each other and have the root volume, and so again', async () => {
    const all = ['s1 up: s2 s3', 's2 up: s1 s3', 's3 up: s1 s2'];
    expect(await reached()).toEqual(all);
    expect((await servers()).map(({ address, volumes }) => [address, ...volumes])).toEqual([
      ['127.10.0.1', '/'],
      ['127.10.0.2', '/'],
      ['127.10.0.3', '/'],
    ]);
    expect(await ok('cfs', ['whereis', '.'])).toBe('  s1  s2  s3\n');
    expect(await ok('cfs', ['cs'])).toContain('All servers up\n');
    expect(await ok('coda', ['status'])).toMatch(/ {2}server {2}s1 .* up\n.* s2 .* up\n.* s3 .* up\n/);
    expect(readdirSync(join(realm.data, 'servers')).sort()).toEqual(['s1', 's2', 's3']);
    await put('file', 'contents\n');
    await ok('coda', ['down']);
    await realm.up(...more);
    expect(await reached()).toEqual(all);
    expect(await cat(desk, 'file')).toBe('contents\n');
    expect(readFileSync(join(realm.data, 'venus.log'), 'utf8')).toBe('');
  });

  it('are cut off from each other one by one, and come together again', async () => {
    expect(await link('list')).toBe(
      ['laptop', 'desk'].map((name) => `${name}  s1  open\n${name}  s2  open\n${name}  s3  open\n`).join('') +
        's1  s2  open\ns1  s3  open\ns2  s3  open\n',
    );
    await link('cut', 's2', 's1');
    expect(await reached()).toEqual(['s1 up: s3', 's2 up: s3', 's3 up: s1 s2']);
    expect(await link('list')).toContain('s1  s2  cut\ns1  s3  open\ns2  s3  open\n');
    await link('cut', '--all');
    expect(await reached()).toEqual(['s1 up: ', 's2 up: ', 's3 up: ']);
    expect(await ok('cfs', ['cs'])).toContain('These servers still down:   s1  s2  s3\n');
    await link('heal', 's1', 's2');
    expect(await reached()).toEqual(['s1 up: s2', 's2 up: s1', 's3 up: ']);
    await link('heal', '--all');
    expect(await reached()).toEqual(['s1 up: s2 s3', 's2 up: s1 s3', 's3 up: s1 s2']);
    expect(await ok('cfs', ['cs'])).toContain('All servers up\n');
  });

  it('stay cut off from each other while they are down, and when they are up again', async () => {
    await link('cut', 's1', 's2');
    await server('stop', 's2');
    await link('cut', 's2', 's3');
    await link('cut', 'laptop', 's2');
    expect(await reached()).toEqual(['s1 up: s3', 's2 stopped: ', 's3 up: s1']);
    await server('start', 's2');
    expect(await reached()).toEqual(['s1 up: s3', 's2 up: ', 's3 up: s1']);
    expect(await ok('cfs', ['cs'])).toContain('These servers still down:   s2\n');
    expect(await ok('cfs', ['cs'], '', desk)).toContain('All servers up\n');
  });

  it.each(['stop', 'kill'])('are down and up again on command, and clients go on: %s', async (how) => {
    await ok('coda', ['realm', 'volume', 'create', 'two', '--servers', 's2']);
    await ok('cfs', ['mkmount', 'two', 'two']);
    await put('two/file', 'one\n');
    expect(await cat(desk, 'two/file')).toBe('one\n');
    await server(how, 's2');
    expect(await reached()).toEqual(['s1 up: s3', 's2 stopped: ', 's3 up: s1']);
    expect(await ok('cfs', ['cs'])).toContain('These servers still down:   s2\n');
    expect(await ok('coda', ['status'])).toContain('server  s2 (127.10.0.2) down\n');
    await put('two/file', 'two\n');
    expect(await cat(desk, 'two/file')).toBe('one\n');
    expect(await ok('coda', ['pending'])).toContain('/two/file');
    expect(await reached()).toEqual(['s1 up: s3', 's2 stopped: ', 's3 up: s1']);

    await server('start', 's2');
    expect(await reached()).toEqual(['s1 up: s2 s3', 's2 up: s1 s3', 's3 up: s1 s2']);
    expect(await ok('cfs', ['cs'])).toContain('All servers up\n');
    await ok('coda', ['pending', '--wait']);
    expect(await cat(desk, 'two/file')).toBe('two\n');
    expect(readFileSync(join(realm.data, 'venus.log'), 'utf8')).toBe('');
  });

  it('that is stopped comes up with the next venus', async () => {
    await server('stop', 's1');
    await server('kill', 's3');
    await ok('coda', ['down']);
    await realm.up(...more);
    expect(await reached()).toEqual(['s1 up: s2 s3', 's2 up: s1 s3', 's3 up: s1 s2']);
  });

  it('know of changed rights after they were down', async () => {
    await ok('coda', ['realm', 'volume', 'create', 'two', '--servers', 's2']);
    await ok('cfs', ['mkmount', 'two', 'two']);
    await ok('coda', ['realm', 'user', 'add', 'kim'], 'kimkim\n');
    await ok('coda', ['realm', 'group', 'add', 'readers', 'jan', 'kim']);
    await put('two/file', 'for the group\n');
    await ok('cfs', ['sa', 'two', 'readers', 'rl', 'System:AnyUser', 'none']);
    const kim = { ...desk, CODA_UID: '4711' };
    await realm.ok('clog', ['kim@test.realm'], { env: kim, input: 'kimkim\n' });
    expect(await run(['cat', 'two/file'], '', kim)).toMatchObject({ status: 0 });
    await server('stop', 's2');
    await ok('coda', ['realm', 'group', 'remove', 'readers', 'kim']);
    await server('start', 's2');
    expect(await run(['cat', 'two/file'], '', kim)).toMatchObject({ status: 7 });
  });

  it('are emptied while they are stopped, after a question', async () => {
    await ok('coda', ['realm', 'volume', 'create', 'two', '--servers', 's2']);
    await ok('cfs', ['mkmount', 'two', 'two']);
    await put('two/file', 'contents\n');
    const empty = (words: readonly string[], input = '') =>
      run(['realm', 'server', 'empty', ...words], input);
    expect(await empty(['s2'])).toMatchObject({ status: 1, stderr: 'coda: server s2 runs\n' });
    await server('stop', 's2');
    const refused = await empty(['s2'], 'no\n');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toBe(
      's2 has replicas of /, two.\nThere is NO other replica of two: all in it is lost.\n' +
        'Remove all that it keeps? [y/N] \nNothing was removed.\n',
    );
    expect(readdirSync(join(realm.data, 'servers', 's2'))).not.toEqual([]);
    expect(await empty(['--yes', 's2'])).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(join(realm.data, 'servers', 's2'))).toEqual([]);
    await server('start', 's2');
    expect(await reached()).toEqual(['s1 up: s2 s3', 's2 up: s1 s3', 's3 up: s1 s2']);
    expect(await run(['cat', 'two/file'], '', desk)).toMatchObject({ status: 1 });
    expect(await ok('coda', ['realm', 'volume', 'list'])).toMatch(/two +unknown {2}s2/);
  });

  it('have volumes on any set of them', async () => {
    await ok('coda', ['realm', 'volume', 'create', 'some', '--servers', 's3,s1']);
    await ok('cfs', ['mkmount', 'some', 'some']);
    expect(await ok('cfs', ['whereis', 'some'])).toBe('  s3  s1\n');
    const listed = await ok('coda', ['realm', 'volume', 'list']);
    expect(listed).toMatch(/some .* s3,s1 {2}\/coda\/test\.realm\/some\n/);
    expect((await servers()).map(({ volumes }) => volumes.includes('some'))).toEqual([true, false, true]);
    for (const [on, status] of [
      ['s1,s9', 1],
      ['s1,s1', 1],
      ['', 1],
    ] as const)
      expect(await run(['realm', 'volume', 'create', 'other', '--servers', on])).toMatchObject({ status });
  });

  it('are all needed where a volume is made on them: without one, nothing is made', async () => {
    await server('kill', 's3');
    const create = (...words: readonly string[]) => run(['realm', 'volume', 'create', 'vol', ...words]);
    expect(await create()).toMatchObject({ status: 5, stderr: 'coda: server s3 cannot be reached\n' });
    expect(await ok('coda', ['realm', 'volume', 'list'])).not.toContain('vol ');
    expect(await create('--servers', 's1,s2')).toMatchObject({ status: 0 });
    expect(await ok('cfs', ['mkmount', 'vol', 'vol'])).toBe('');
  });
});

describe('a server that is a process of its own', () => {
  beforeEach(async () => {
    realm = await TestRealm.start(...UP, '--processes');
    await login();
  });

  const pidOf = async (name: string) => (await servers()).find((found) => found.name === name)?.pid ?? 0;

  it('is started again when it dies, and stays down when it is killed on command', async () => {
    const first = await pidOf('s2');
    process.kill(first, 'SIGKILL');
    await until(async () => ![0, first].includes(await pidOf('s2')));
    await until(async () => (await reached())[1] === 's2 up: s1 s3');
    const second = await pidOf('s2');
    await server('kill', 's2');
    expect(isRunning(second)).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await reached()).toEqual(['s1 up: s3', 's2 stopped: ', 's3 up: s1']);
    expect(await pidOf('s2')).toBe(0);
    await server('start', 's2');
    expect(isRunning(await pidOf('s2'))).toBe(true);
  });

  it('stays cut off from another one when it dies', async () => {
    await link('cut', 's2', 's3');
    const pid = await pidOf('s2');
    process.kill(pid, 'SIGKILL');
    await until(async () => ![0, pid].includes(await pidOf('s2')));
    await until(async () => (await reached())[1] === 's2 up: s1');
    await link('heal', 's2', 's3');
    expect(await reached()).toEqual(['s1 up: s2 s3', 's2 up: s1 s3', 's3 up: s1 s2']);
  });
});

describe('the servers of a data directory', () => {
  it('are remembered; more can be added, and one with volumes cannot be left out', async () => {
    realm = await TestRealm.start('--servers', 'b,a');
    await realm.down();
    await realm.up('--servers', 'c,a,b');
    const env = {};
    const list = () => realm.ok('coda', ['realm', 'server', 'list'], { env });
    expect(await list()).toBe(
      'b  127.10.0.1  up  1 volume  reaches a, c\n' +
        'a  127.10.0.2  up  1 volume  reaches b, c\n' +
        'c  127.10.0.3  up  0 volumes  reaches b, a\n',
    );
    await realm.down();
    const without = await realm.run('coda', ['up', '--servers', 'b']);
    expect(without).toMatchObject({
      status: 2,
      stderr: 'coda: server a holds volumes and cannot be left out\n',
    });
    await realm.up('--servers', 'b,a');
    expect(await list()).toContain('reaches a\n');
  });

  it.each(['a,a', 'a/b', '', '../x', 's1,,s2', 'a,b,c,d,e,f,g,h,i'])('cannot be called %j', async (names) => {
    realm = await TestRealm.start();
    expect(await realm.run('coda', ['up', '--servers', names])).toMatchObject({ status: 2 });
  });

  it('cannot have the name of a client, and nothing is remembered of those', async () => {
    realm = await TestRealm.start();
    await realm.down();
    expect(await realm.run('coda', ['up', '--servers', 's1,venus'])).toMatchObject({
      status: 2,
      stderr: 'coda: venus would be the name of a client and of a server\n',
    });
    await realm.up();
    expect(await realm.ok('coda', ['realm', 'server', 'list'])).toBe('s1  127.10.0.1  up  1 volume\n');
  });

  it('are its one server, where a version that knew no others has written it', async () => {
    realm = await TestRealm.start();
    await realm.addUser('jan', '--administrator');
    await realm.login('jan');
    await realm.ok('coda', ['put', '-', 'file'], { input: 'contents\n' });
    await realm.down();
    await makeOld(realm.data);
    await realm.up();
    expect(await realm.ok('coda', ['realm', 'server', 'list'])).toBe('s1  127.10.0.1  up  1 volume\n');
    expect(await realm.ok('coda', ['cat', 'file'])).toBe('contents\n');
    await realm.ok('coda', ['put', '-', 'file'], { input: 'more\n' });
    await realm.down();
    await makeOld(realm.data);
    await realm.up('--servers', 's1,s2');
    expect(await realm.ok('cfs', ['whereis', '.'])).toBe('  s1\n');
    expect(await realm.ok('coda', ['cat', 'file'])).toBe('more\n');
  });
});

/** Takes away what the version before this one did not write. */
async function makeOld(data: string): Promise<void> {
  const realmStore = await Database.open(join(data, 'realm'));
  const listed = realmStore.table<object>('servers');
  await realmStore.transaction((writer) => {
    for (const { key } of [...listed.all()]) writer.remove(listed, key);
  });
  await realmStore.close();
  const metadata = await Database.open(join(data, 'servers', 's1', 'metadata'));
  const volumes = metadata.table<Record<string, unknown>>('volumes');
  await metadata.transaction((writer) => {
    for (const { key, value } of [...volumes.all()]) {
      const isNew = ([name]: readonly [string, unknown]) => name === 'site' || name === 'members';
      const old = Object.entries(value).filter((entry) => !isNew(entry));
      writer.put(volumes, key, Object.fromEntries(old));
    }
  });
  await metadata.close();
}
