import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseTokenFile } from '../../src/auth/tokenFile.ts';
import { TestRealm, bin, run } from './support.ts';

let realm: TestRealm;
let port = '';
let nextUid = 3000;
let env: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  realm = await TestRealm.start('--auth2', '0');
  port = portOf(realm.pid);
  await realm.ok('coda', ['realm', 'user', 'add', 'root', '--administrator'], { input: 'adminpw\n' });
});
afterAll(() => realm.end());

beforeEach(async () => {
  await realm.run('coda', ['realm', 'user', 'remove', 'jan']);
  await realm.ok('coda', ['realm', 'user', 'add', 'jan'], { input: 'changeme\n' });
  env = { CODA_UID: String(nextUid++) };
});

/** The UDP port of a process, as the kernel lists it. */
function portOf(pid: number): string {
  const inodes = readFileSync(`/proc/${pid}/net/udp`, 'utf8');
  const found = /0100007F:([0-9A-F]{4}) /.exec(inodes)?.[1] ?? '';
  return String(parseInt(found, 16));
}

const host = () => `127.0.0.1:${port}`;
const clog = (words: readonly string[], input = 'changeme\n') =>
  realm.run('clog', ['-host', host(), ...words], { env, input });
const expiry = () => realm.run('ctokens', ['@test.realm'], { env });

describe('clog at an auth2 server', () => {
  it('gets a token that venus takes, and says nothing', async () => {
    expect(await clog(['jan@test.realm'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await expiry()).toMatchObject({ status: 0 });
  });

  it('looks at eight bytes of the password, over IPv6 too', async () => {
    const words = ['-host', `[::1]:${port}`, 'jan@test.realm'];
    expect(await realm.run('clog', words, { env, input: 'changeme and more\n' })).toMatchObject({
      status: 0,
    });
  });

  it('finds the servers of a realm in the realms file', async () => {
    const directory = join(realm.directory, 'conf');
    mkdirSync(directory);
    writeFileSync(join(directory, 'realms'), `test.realm ${host()}\n`);
    const at = { ...env, CODACONFPATH: directory };
    const finished = await realm.run('clog', ['jan@test.realm'], { env: at, input: 'changeme!\n' });
    // Of a longer password only auth2 takes the first bytes for all of it.
    expect(finished).toMatchObject({ status: 0 });
  });

  it('writes a token file for its owner alone', async () => {
    const file = join(realm.directory, 'jan.token');
    await clog(['-tofile', file, 'jan@test.realm']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).size).toBe(129);
    const { clear } = parseTokenFile(readFileSync(file, 'latin1'));
    expect(clear.ends - clear.begins).toBe(90_900);
  });

  it('tells a wrong password, an unknown user and a dead server apart', async () => {
    expect(await clog(['jan@test.realm'], 'guess\n')).toMatchObject({
      status: 7,
      stderr: 'Invalid login (RPC2_NOBINDING (F)).\nclog: wrong password for jan@test.realm\n',
    });
    expect(await clog(['nobody@test.realm'])).toMatchObject({
      status: 1,
      stderr:
        'Invalid login (RPC2_NOTAUTHENTICATED (F)).\nclog: there is no user nobody in the realm test.realm\n',
    });
    const words = ['-host', '127.0.0.1:9', 'jan@test.realm'];
    const dead = realm.run('clog', words, { env: { ...env, CODA_CLASSIC: '1' }, input: 'x\n' });
    const limited = realm.run('clog', ['--timeout', '1s', ...words], { env, input: 'x\n' });
    expect(await dead).toMatchObject({
      status: 1,
      stderr: 'Invalid login (RPC2_NOBINDING (F)).\nclog: 127.0.0.1:9 does not answer\n',
    });
    expect(await limited).toMatchObject({ status: 5 });
  });

  it('logs in without a venus, and says that it is for a file only', async () => {
    const file = join(realm.directory, 'alone.token');
    const alone = { CODA_VENUS: `unix:${realm.directory}/none.sock` };
    const words = ['-host', host(), '-tofile', file, 'jan@test.realm'];
    const finished = await realm.run('clog', words, { env: alone, input: 'changeme\n' });
    expect(finished).toMatchObject({ status: 3, stdout: 'Local login only, could not contact venus\n' });
    expect(statSync(file).size).toBe(129);
    const classic = await realm.run('clog', words, {
      env: { ...alone, CODA_CLASSIC: '1' },
      input: 'changeme\n',
    });
    expect(classic.status).toBe(0);
  });

  it('reads the token back with -test', async () => {
    const finished = await clog(['-test', 'jan@test.realm']);
    expect(finished.stdout).toBe(
      'Sending token to venus\nGetting tokens back from venus\nComparing clear token\nComparing secret token\nDone ! ! ! !\n',
    );
    expect(finished.stderr).toMatch(/^net order:\n\tAuthHandle = -1\n\tViceId = \d+\n.*host order:\n/s);
  });

  it('says so where it cannot give a token as short as was asked for', async () => {
    const finished = await clog(['--lifetime', '1h', 'jan@test.realm']);
    expect(finished.status).toBe(0);
    expect(finished.stderr).toContain('the server gives no shorter tokens');
  });
});

describe('a password', () => {
  it('comes from a file that nobody else can read', async () => {
    const file = join(realm.directory, 'password');
    writeFileSync(file, 'changeme\n', { mode: 0o600 });
    expect(await clog(['--password-file', file, 'jan@test.realm'], '')).toMatchObject({ status: 0 });
    chmodSync(file, 0o640);
    expect(await clog(['--password-file', file, 'jan@test.realm'], '')).toMatchObject({
      status: 1,
      stderr: `clog: ${file}: not a private file of yours\n`,
    });
    expect((await clog(['--password-file', realm.directory, 'jan@test.realm'], '')).status).toBe(1);
  });

  it('comes from a command, or from a file descriptor', async () => {
    expect(await clog(['--password-command', 'echo changeme', 'jan@test.realm'], '')).toMatchObject({
      status: 0,
    });
    expect(await clog(['--password-command', 'echo changeme; false', 'jan@test.realm'], '')).toMatchObject({
      status: 1,
    });
    expect(await clog(['--password-fd', '0', 'jan@test.realm'])).toMatchObject({ status: 0 });
    expect(await clog(['--password-fd', '77', 'jan@test.realm'])).toMatchObject({ status: 1 });
    expect(await clog(['--password-fd', '0', '-pipe', 'jan@test.realm'])).toMatchObject({ status: 2 });
  });
});

describe('clog --exec', () => {
  const words = (command: string, ...more: readonly string[]) => [
    ...['--password-command', 'echo changeme', '--exec', command],
    ...[...more, 'jan@test.realm'],
  ];

  it('runs a command with a token, and ends with its status', async () => {
    const tool = join(bin, 'ctokens');
    const finished = await clog(words(`${tool} @test.realm && exit 42`));
    expect(finished.status).toBe(42);
    expect(finished.stdout).toContain('Expiration time');
    expect((await clog(words('kill -TERM $$'))).status).toBe(143);
  });

  it('renews the token before it ends', async () => {
    const tool = join(bin, 'ctokens');
    // At the embedded venus, which gives tokens as short as one likes.
    const command = `sleep 10; ${tool} @test.realm`;
    const finished = await realm.run('clog', words(command, '--lifetime', '8s'), { env });
    expect(finished).toMatchObject({ status: 0, stderr: '' });
  });

  it('does not begin without a login', async () => {
    const finished = await clog([
      '--password-command',
      'echo guess',
      '--exec',
      'echo begun',
      'jan@test.realm',
    ]);
    expect(finished).toMatchObject({ status: 7, stdout: '' });
  });
});

describe('clog --renew-loop', () => {
  it('stays, and renews the token until it is killed', async () => {
    const words = `--password-command 'echo changeme' --lifetime 6s jan@test.realm`;
    const script = `timeout 9 ${join(bin, 'clog')} --renew-loop ${words}; echo $?; ${join(bin, 'ctokens')} @test.realm`;
    const finished = await run('/bin/sh', ['-c', script], { env: { ...realm.env, ...env } });
    expect(finished).toMatchObject({ status: 0, stderr: '' });
    expect(finished.stdout).toMatch(/^124\n/);
  });
});

describe('cpasswd at an auth2 server', () => {
  const change = (...lines: readonly string[]) =>
    realm.run('cpasswd', ['-h', host(), 'jan@test.realm'], { env, input: `${lines.join('\n')}\n` });

  it('changes the password, and warns that eight bytes of it count', async () => {
    expect(await change('changeme', 'A-new-Password', 'A-new-Password')).toEqual({
      status: 0,
      signal: null,
      stdout: 'Changing password for jan@test.realm\nPassword changed\n',
      stderr: 'cpasswd: only the first 8 bytes of the new password count\n',
    });
    expect(await clog(['jan@test.realm'], 'A-new-Pa\n')).toMatchObject({ status: 0 });
    expect(await clog(['jan@test.realm'])).toMatchObject({ status: 7 });
  });

  it('says what the C tool says of a wrong password, and what it means', async () => {
    expect(await change('guess', 'abcdefg', 'abcdefg')).toMatchObject({
      status: 7,
      stdout: 'Changing password for jan@test.realm\nAuthentication Failed: RPC2_NOBINDING (F)\n',
      stderr: 'cpasswd: wrong password for jan@test.realm\n',
    });
  });
});

describe('au', () => {
  const au = (operation: string, ...lines: readonly string[]) =>
    realm.run('au', ['-h', host(), operation], { env, input: `${lines.join('\n')}\n` });
  const ROOT = ['root@test.realm', 'adminpw'];

  it('takes a password away and gives a new one', async () => {
    expect(await au('du', ...ROOT, 'jan')).toMatchObject({
      status: 0,
      stdout:
        'Your Vice name: RPC2_Bind() --> RPC2_SUCCESS\nVice user to delete: AuthDeleteUser() --> AUTH_SUCCESS\n',
    });
    expect(await clog(['jan@test.realm'])).toMatchObject({ status: 1 });
    expect(await au('nu', ...ROOT, 'jan', 'brandnew', '')).toMatchObject({
      status: 0,
      stdout:
        'Your Vice name: RPC2_Bind() --> RPC2_SUCCESS\nVice user: New info: AuthNewUser() --> AUTH_SUCCESS\n',
    });
    expect(await clog(['jan@test.realm'], 'brandnew\n')).toMatchObject({ status: 0 });
  });

  it('changes the passwords of others', async () => {
    expect((await au('cp', ...ROOT, 'jan', 'other')).stdout).toContain(
      'AuthChangePasswd() --> AUTH_SUCCESS\n',
    );
    expect(await clog(['jan@test.realm'], 'other\n')).toMatchObject({ status: 0 });
    expect((await au('cu', ...ROOT, 'jan', 'another', '')).stdout).toContain(
      'AuthChangeUser() --> AUTH_SUCCESS\n',
    );
    expect(await clog(['jan@test.realm'], 'another\n')).toMatchObject({ status: 0 });
  });

  it('tells what was not done, and why', async () => {
    expect(await au('nu', ...ROOT, 'jan', 'x', '')).toMatchObject({ status: 1 });
    expect((await au('cu', ...ROOT, 'nobody', 'x', '')).stdout).toContain('AuthNameToId() --> AUTH_FAILED\n');
    expect(await au('cp', 'jan@test.realm', 'changeme', 'root', 'x')).toMatchObject({
      status: 7,
      stderr: 'au: root: you may not do this\n',
    });
    expect(await au('cp', 'root@test.realm', 'guess')).toMatchObject({
      status: 7,
      stdout: 'Your Vice name: RPC2_Bind() --> RPC2_NOBINDING (F)\n',
    });
    expect((await au('nu', ...ROOT, 'jan', 'x', 'his info')).stderr).toContain('info has to be empty');
  });

  it('prints its usage for anything else', async () => {
    const usage = 'Usage: au [-x] [-h host] [-p portal]  {cp,cu,nu,du}\n';
    expect(await realm.run('au', [])).toMatchObject({ status: 2, stdout: usage });
    expect(await realm.run('au', ['xx'], { env: { CODA_CLASSIC: '1' } })).toMatchObject({
      status: 1,
      stdout: usage,
    });
  });
});

describe('coda up --auth2', () => {
  it('does not start where the port is taken', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const taken = String(socket.address().port);
    const words = [
      'up',
      '--data',
      join(realm.directory, 'other'),
      '--socket',
      join(realm.directory, 'o.sock'),
    ];
    const finished = await realm.run('coda', [...words, '--auth2', taken]);
    socket.close();
    expect(finished).toMatchObject({ status: 2 });
    expect(finished.stderr).toContain(`--auth2: UDP port ${taken} of 127.0.0.1 is in use`);
  });
});
