import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/commands/coda/isRunning.ts';
import { TestRealm, until } from './support.ts';

let realm: TestRealm;

beforeEach(async () => {
  realm = await TestRealm.start();
});
afterEach(() => realm.end());

describe('coda up', () => {
  it('says where it is, and that it is up', async () => {
    expect(await realm.ok('coda', ['status'])).toMatch(
      new RegExp(
        `^venus is up: realm test\\.realm, pid ${realm.pid}, .*\n {2}data {4}${realm.data}\n {2}server {2}s1 `,
      ),
    );
  });

  it('keeps everything private', () => {
    for (const [path, mode] of [
      [realm.socket, 0o600],
      [join(realm.socket, '..'), 0o700],
      [realm.data, 0o700],
      [join(realm.data, 'venus.log'), 0o600],
    ] as const) {
      expect(statSync(path).mode & 0o777).toBe(mode);
    }
  });

  it('is refused for data that are in use, with the pid of who uses them', async () => {
    const again = await realm.run('coda', ['up', '--socket', join(realm.directory, 'other.sock')]);
    expect(again).toMatchObject({
      status: 1,
      stderr: `coda: ${realm.data}: in use by the venus with pid ${realm.pid}\n`,
    });
    expect(await realm.run('coda', ['status'])).toMatchObject({ status: 0 });
  });

  it('is refused for a socket that is in use', async () => {
    const again = await realm.run('coda', ['up', '--data', join(realm.directory, 'other')]);
    expect(again).toMatchObject({
      status: 1,
      stderr: `coda: ${realm.socket}: another venus answers there\n`,
    });
  });

  it('is refused under another name than the realm has', async () => {
    await realm.down();
    const again = await realm.run('coda', ['up', '--realm', 'other.realm']);
    expect(again).toMatchObject({
      status: 2,
      stderr: `coda: ${realm.data}: holds the realm test.realm, not other.realm\n`,
    });
  });

  it.each([
    { mode: 0o777, end: { status: 2 } },
    { mode: 0o755, end: { status: 0 } },
    { mode: 0o1777, end: { status: 0 } },
  ])('has its socket only where nobody else can replace it: mode $mode', async ({ mode, end }) => {
    const directory = join(realm.directory, `mode-${mode}`);
    mkdirSync(directory);
    chmodSync(directory, mode);
    const socket = join(directory, 'venus.sock');
    const started = await realm.run('coda', ['up', '--data', join(directory, 'data'), '--socket', socket]);
    expect(started).toMatchObject(end);
    if (started.status === 0) await realm.ok('coda', ['down', '--venus', `unix:${socket}`]);
    else expect(started.stderr).toBe(`coda: ${directory}: other users may change what is in it\n`);
  });

  it('refuses a socket path that is too long', async () => {
    const again = await realm.run('coda', ['up', '--socket', `/tmp/${'x'.repeat(110)}`]);
    expect(again.status).toBe(2);
    expect(again.stderr).toContain('too long for a socket');
  });

  it('runs two realms side by side', async () => {
    const socket = join(realm.directory, 'second.sock');
    const words = [
      'up',
      '--realm',
      'second.realm',
      '--data',
      join(realm.directory, 'second'),
      '--socket',
      socket,
    ];
    await realm.ok('coda', words);
    const env = { CODA_VENUS: `unix:${socket}` };
    expect(await realm.ok('coda', ['status'], { env })).toContain('realm second.realm');
    expect(await realm.ok('cfs', ['la', '--venus', `unix:${socket}`, '/coda/second.realm'])).toContain(
      'System:AnyUser',
    );
    await realm.ok('coda', ['down'], { env });
    expect(await realm.run('coda', ['status'])).toMatchObject({ status: 0 });
  });
});

describe('the end of a venus', () => {
  it('is clean by coda down', async () => {
    expect(await realm.ok('coda', ['down'])).toBe(`venus is down (pid ${realm.pid})\n`);
    expect(isRunning(realm.pid)).toBe(false);
    expect(existsSync(realm.socket)).toBe(false);
    expect(existsSync(join(realm.data, 'venus.pid'))).toBe(false);
    expect(readFileSync(join(realm.data, 'venus.log'), 'utf8')).toBe('');
    expect(await realm.run('coda', ['down'])).toMatchObject({ status: 3 });
  });

  it('is clean by SIGTERM', async () => {
    process.kill(realm.pid, 'SIGTERM');
    await until(() => !isRunning(realm.pid));
    expect(existsSync(realm.socket)).toBe(false);
    expect(readFileSync(join(realm.data, 'venus.log'), 'utf8')).toBe('');
  });

  it('loses nothing that was acknowledged, by SIGKILL', async () => {
    await realm.addUser('jan', '--administrator');
    await realm.login('jan');
    await realm.ok('coda', ['mkdir', 'dir']);
    await realm.ok('cfs', ['sa', 'dir', 'jan', 'rlidw']);
    await realm.ok('coda', ['put', '-', 'dir/file'], { input: 'contents\n' });
    await realm.ok('coda', ['realm', 'volume', 'create', 'vol', '--quota', '77']);
    await realm.ok('cfs', ['mkmount', 'vol', 'vol']);
    process.kill(realm.pid, 'SIGKILL');
    await until(() => !isRunning(realm.pid));
    expect(existsSync(realm.socket)).toBe(true);
    await realm.up();
    expect(await realm.ok('cfs', ['la', 'dir'])).toContain('                 jan  rlidw   \n');
    expect(await realm.ok('coda', ['cat', 'dir/file'])).toBe('contents\n');
    expect(await realm.ok('cfs', ['lv', 'vol'])).toContain('maximum quota is 77\n');
    expect(await realm.ok('ctokens', ['@test.realm'])).toContain('Expiration time');
  });
});

describe('where venus is looked for', () => {
  it('is CODA_VENUS, or a socket in the runtime directory, named by CODA_CLIENT', async () => {
    expect(await realm.ok('cfs', ['la', '.'], { env: { CODA_VENUS: `unix:${realm.socket}` } })).toContain(
      'System',
    );
    const elsewhere = await realm.run('cfs', ['la', '.'], { env: { CODA_CLIENT: 'laptop' } });
    expect(elsewhere).toMatchObject({ status: 3 });
    expect(elsewhere.stderr).toContain('/coda/laptop.sock');
  });

  it('must be written in a form that is understood', async () => {
    for (const venus of ['laptop', 'unix:relative', 'http://x']) {
      const finished = await realm.run('cfs', ['la', '--venus', venus, '.']);
      expect(finished).toMatchObject({ status: 2, stderr: `cfs: --venus: ${venus} names no venus\n` });
    }
  });
});
