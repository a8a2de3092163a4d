import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRealm, bin, passwordOf, run } from './support.ts';
import { runOnTerminal } from './terminal.ts';

let realm: TestRealm;
let nextUid = 2000;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('jan');
  await realm.addUser('raiff');
});
afterAll(() => realm.end());

/** The tools of a local user who has no token yet. */
function newUser() {
  const env = { CODA_UID: String(nextUid++) };
  return {
    run: (tool: string, words: readonly string[], input?: string) =>
      realm.run(tool, words, { env, ...(input === undefined ? {} : { input }) }),
    login: (name: string, ...options: readonly string[]) =>
      realm.run('clog', [...options, `${name}@test.realm`], { env, input: `${passwordOf(name)}\n` }),
  };
}

describe('clog', () => {
  it('says nothing when it succeeds without a terminal', async () => {
    expect(await newUser().login('jan')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it.each([['jan@test.realm'], ['jan@'], ['jan']])('understands %s, the realm by default', async (who) => {
    const user = newUser();
    expect(await user.run('clog', ['-pipe', who], 'janjan\n')).toMatchObject({ status: 0 });
    expect((await user.run('ctokens', [])).stdout).toContain('Coda user id:\t 500\n');
  });

  it('takes one line of stdin as the password, and no more', async () => {
    const script = '{ clog -pipe jan@test.realm; cat; }';
    const env = { ...realm.env, PATH: `${bin}:${realm.env['PATH']}` };
    expect(await run('/bin/sh', ['-c', script], { env, input: 'janjan\nthe rest\n' })).toMatchObject({
      status: 0,
      stdout: 'the rest\n',
    });
  });

  it('asks at a terminal, and shows nothing of the password', async () => {
    const finished = await runOnTerminal(
      realm,
      ['clog', 'jan@test.realm'],
      [{ to: 'Password:', type: 'janjan\r' }],
    );
    expect(finished.status).toBe(0);
    expect(finished.stdout).toContain('username: jan@test.realm\n');
    expect(finished.stdout).not.toContain('janjan');
  });

  it('ends with 130 when the question is interrupted', async () => {
    const finished = await runOnTerminal(
      realm,
      ['clog', 'jan@test.realm'],
      [{ to: 'Password:', type: '\u0003' }],
    );
    expect(finished.status).toBe(130);
  });

  it('does nothing with --if-needed while the token lives longer', async () => {
    const user = newUser();
    await user.login('jan');
    const before = await user.run('ctokens', ['--json']);
    // A password that is wrong shows that none is looked at.
    expect(await user.run('clog', ['-pipe', '--if-needed', '2h', 'jan@test.realm'], 'wrong\n')).toMatchObject(
      {
        status: 0,
      },
    );
    expect(withoutSeconds((await user.run('ctokens', ['--json'])).stdout)).toBe(
      withoutSeconds(before.stdout),
    );
  });

  it('logs in with --if-needed when the token ends sooner, is missing, or is of another user', async () => {
    const user = newUser();
    expect(await user.login('jan', '-if-needed', '2h')).toMatchObject({ status: 0 });
    expect(await user.login('jan', '--lifetime', '1h')).toMatchObject({ status: 0 });
    expect(await user.login('jan', '--if-needed', '2h')).toMatchObject({ status: 0 });
    expect(await user.run('ctokens', ['@test.realm', '--min-valid', '24h'])).toMatchObject({ status: 0 });
    expect(await user.login('raiff', '--if-needed', '2h')).toMatchObject({ status: 0 });
    expect((await user.run('ctokens', [])).stdout).toContain('Coda user id:\t 501\n');
  });

  it('saves the token to a file that only its owner can read, and takes it from there', async () => {
    const file = join(realm.directory, 'jan.token');
    await newUser().login('jan', '-tofile', file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'latin1')).toMatch(/^\*\*\* Coda Token \*\*\*\n[\w+/]{72}\n[\w+/=]{36}\n$/);
    const other = newUser();
    expect(await other.run('clog', ['-fromfile', file, '@test.realm'])).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(await other.run('ctokens', ['@test.realm'])).toMatchObject({ status: 0 });
  });

  it('makes a file private that was not', async () => {
    const file = join(realm.directory, 'open.token');
    writeFileSync(file, 'old');
    chmodSync(file, 0o644);
    await newUser().login('jan', '-tofile', file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('refuses files that are absent, corrupt or expired, each in its own words', async () => {
    const corrupt = join(realm.directory, 'corrupt.token');
    writeFileSync(corrupt, '*** Coda Token ***\nAAAA\n');
    const expired = join(realm.directory, 'expired.token');
    await newUser().login('jan', '--lifetime', '1s', '-tofile', expired);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const user = newUser();
    const absent = join(realm.directory, 'absent.token');
    expect(await user.run('clog', ['-fromfile', absent, '@test.realm'])).toMatchObject({
      status: 1,
      stderr: `Failed to open ${absent}.\n`,
    });
    expect(await user.run('clog', ['-fromfile', corrupt, '@test.realm'])).toMatchObject({
      status: 1,
      stderr: 'Corrupted token file?\n',
    });
    expect(await user.run('clog', ['-fromfile', expired, '@test.realm'])).toMatchObject({
      status: 4,
      stderr: `clog: The token in ${expired} has expired.\n`,
    });
    expect(await user.run('ctokens', ['@test.realm'])).toMatchObject({ status: 4 });
  });

  it('checks the host that it is told', async () => {
    expect(await newUser().login('jan', '-host', 's1')).toMatchObject({ status: 0 });
    expect(await newUser().login('jan', '-host', 'elsewhere')).toMatchObject({
      status: 1,
      stderr: 'clog: elsewhere: no auth server of this realm\n',
    });
  });
});

describe('ctokens', () => {
  it('shows the token in the classic form', async () => {
    const user = newUser();
    await user.login('jan');
    expect((await user.run('ctokens', [])).stdout).toMatch(
      /^Tokens held by the Cache Manager for \(null\):\n {4}@test\.realm\n\tCoda user id:\t 500\n\tExpiration time: \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\n$/,
    );
  });

  it('reports without a realm, and answers with one', async () => {
    const user = newUser();
    expect(await user.run('ctokens', [])).toMatchObject({ status: 0 });
    expect(await user.run('ctokens', ['--exit-code'])).toMatchObject({ status: 4 });
    expect((await user.run('ctokens', ['@test.realm'])).stdout).toContain(
      '    @test.realm\n\tNot Authenticated\n',
    );
    expect(await user.run('ctokens', ['@test.realm'])).toMatchObject({ status: 4 });
  });

  it('answers whether a token lives long enough', async () => {
    const user = newUser();
    await user.login('jan', '--lifetime', '90m');
    expect(await user.run('ctokens', ['@test.realm', '--min-valid', '1h'])).toMatchObject({ status: 0 });
    expect(await user.run('ctokens', ['@test.realm', '-min-valid', '2h'])).toMatchObject({ status: 4 });
    expect(await user.run('ctokens', ['--min-valid', '2h'])).toMatchObject({ status: 4 });
  });
});

describe('cunlog', () => {
  it('makes venus forget, and says nothing', async () => {
    const user = newUser();
    await user.login('jan');
    expect(await user.run('cunlog', ['@test.realm'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
    expect(await user.run('ctokens', ['@test.realm'])).toMatchObject({ status: 4 });
  });
});

describe('cpasswd', () => {
  beforeAll(() => realm.addUser('piet'));

  it('changes the password, for the old one', async () => {
    expect(
      await newUser().run('cpasswd', ['piet@test.realm'], 'pietpiet\nN3w-pass\nN3w-pass\n'),
    ).toMatchObject({
      status: 0,
      stdout: 'Changing password for piet@test.realm\nPassword changed\n',
    });
    expect(await newUser().run('clog', ['piet@test.realm'], 'N3w-pass\n')).toMatchObject({ status: 0 });
    expect(await newUser().run('clog', ['piet@test.realm'], 'pietpiet\n')).toMatchObject({ status: 7 });
  });

  it.each([
    {
      refused: 'a wrong old password',
      input: 'wrong\nOther-1\nOther-1\n',
      status: 7,
      says: 'Authentication Failed',
    },
    { refused: 'two that differ', input: 'N3w-pass\nOther-1\nOther-2\n', status: 1, says: 'Mismatch' },
    { refused: 'an empty one', input: 'N3w-pass\n\n\n', status: 1, says: 'Password unchanged.' },
    { refused: 'a short one', input: 'N3w-pass\nab\nab\n', status: 1, says: 'Please use a longer password.' },
    {
      refused: 'digits alone',
      input: 'N3w-pass\n1234567\n',
      status: 1,
      says: 'at least one non-numeric character',
    },
  ])('refuses $refused', async ({ input, status, says }) => {
    const finished = await newUser().run('cpasswd', ['piet@test.realm'], input);
    expect(finished.status).toBe(status);
    expect(finished.stdout).toContain(says);
    expect(await newUser().run('clog', ['piet@test.realm'], 'N3w-pass\n')).toMatchObject({ status: 0 });
  });

  it('asks at a terminal', async () => {
    const finished = await runOnTerminal(
      realm,
      ['cpasswd', 'piet@test.realm'],
      [
        { to: 'Old password:', type: 'N3w-pass\r' },
        { to: 'New password:', type: 'An0ther-\r' },
        { to: 'Retype new password:', type: 'An0ther-\r' },
      ],
    );
    expect(finished.status).toBe(0);
    expect(finished.stdout).toContain('Password changed\n');
    expect(finished.stdout).not.toContain('An0ther-');
  });
});

describe('tokens', () => {
  it('survive the venus they were given to, killed or not', async () => {
    const user = newUser();
    await user.login('jan');
    process.kill(realm.pid, 'SIGKILL');
    await realm.up();
    expect(await user.run('ctokens', ['@test.realm'])).toMatchObject({ status: 0 });
  });

  it('of a removed user give no rights', async () => {
    await realm.addUser('gone');
    const user = newUser();
    await realm.login('raiff', 2999);
    await realm.ok('coda', ['realm', 'group', 'add', 'System:Administrators', 'raiff', 'gone']);
    await user.login('gone');
    expect(await user.run('coda', ['mkdir', '/coda/test.realm/one'])).toMatchObject({ status: 0 });
    await realm.ok('coda', ['realm', 'user', 'remove', 'gone']);
    expect(await user.run('coda', ['mkdir', '/coda/test.realm/two'])).toMatchObject({ status: 7 });
  });
});

function withoutSeconds(json: string): string {
  return json.replace(/"secondsLeft": \d+/, '');
}
