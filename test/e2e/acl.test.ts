import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRealm } from './support.ts';

/** Local users of the tests; the socket's owner speaks for them. */
const [RAIFF, BADUSER, NOBODY] = [1001, 1002, 1003];

let realm: TestRealm;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('raiff', '--administrator');
  await realm.addUser('baduser');
  await realm.addUser('jan');
  await realm.ok('coda', ['realm', 'group', 'add', 'System:coda', 'jan']);
  await realm.login('raiff', RAIFF);
  await realm.login('baduser', BADUSER);
  await as(RAIFF, 'coda', 'mkdir', '/coda/test.realm/doc');
  await realm.ok('coda', ['put', '-', '/coda/test.realm/doc/file'], {
    input: 'for everybody\n',
    env: { CODA_UID: String(RAIFF) },
  });
});
afterAll(() => realm.end());

/** Runs a tool for a local user, in the directory of the example. */
function as(uid: number, tool: string, ...words: readonly string[]) {
  return realm.run(tool, words, { env: { CODA_UID: String(uid), CODA_CWD: '/coda/test.realm/doc' } });
}

describe("the manual's example of negative rights", () => {
  it('shows the list that a directory starts with', async () => {
    expect((await as(RAIFF, 'cfs', 'la', '.')).stdout).toBe(
      '      System:AnyUser  rl      \nSystem:Administrators  rlidwka \n',
    );
  });

  it('lets everybody read at first', async () => {
    for (const uid of [RAIFF, BADUSER, NOBODY]) {
      expect(await as(uid, 'coda', 'cat', 'file')).toMatchObject({ status: 0, stdout: 'for everybody\n' });
    }
  });

  it('takes the right to read from one user, although System:AnyUser has it', async () => {
    expect(await as(RAIFF, 'cfs', 'sa', '-negative', '.', 'baduser', 'rl')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect((await as(RAIFF, 'cfs', 'la', '.')).stdout).toContain('             baduser -rl      \n');
    expect(await as(BADUSER, 'coda', 'cat', 'file')).toMatchObject({ status: 7, stdout: '' });
    expect(await as(BADUSER, 'coda', 'ls', '.')).toMatchObject({ status: 7, stdout: '' });
    expect(await as(NOBODY, 'coda', 'cat', 'file')).toMatchObject({ status: 0 });
  });

  it('gives it back when the negative entry is removed', async () => {
    await as(RAIFF, 'cfs', 'sa', '-negative', '.', 'baduser', 'none');
    expect((await as(RAIFF, 'cfs', 'la', '.')).stdout).not.toContain('baduser');
    expect(await as(BADUSER, 'coda', 'cat', 'file')).toMatchObject({ status: 0, stdout: 'for everybody\n' });
  });
});

describe('setacl', () => {
  it('lets rights of a group count for its members', async () => {
    await as(RAIFF, 'cfs', 'sa', '.', 'System:AnyUser', 'none', 'System:coda', 'rl');
    await realm.login('jan', NOBODY);
    expect(await as(NOBODY, 'coda', 'cat', 'file')).toMatchObject({ status: 0 });
    expect(await as(BADUSER, 'coda', 'cat', 'file')).toMatchObject({ status: 7 });
    await as(RAIFF, 'cfs', 'sa', '.', 'System:AnyUser', 'rl', 'System:coda', 'none');
  });

  it('starts from an empty list with -clear, and understands --clear', async () => {
    await as(RAIFF, 'cfs', 'sa', '-clear', '.', 'System:Administrators', 'all', 'jan', 'rl');
    expect((await as(RAIFF, 'cfs', 'la', '.')).stdout).toBe(
      'System:Administrators  rlidwka \n                 jan  rl      \n',
    );
    await as(RAIFF, 'cfs', 'sa', '--clear', '.', 'System:Administrators', 'all', 'System:AnyUser', 'rl');
    expect((await as(RAIFF, 'cfs', 'la', '.')).stdout).toBe(
      '      System:AnyUser  rl      \nSystem:Administrators  rlidwka \n',
    );
  });

  it('replaces the rights of a name in any case, and keeps its spelling', async () => {
    await as(RAIFF, 'cfs', 'sa', '.', 'jan', 'rl');
    await as(RAIFF, 'cfs', 'sa', '.', 'JAN', 'rlidw');
    expect((await as(RAIFF, 'cfs', 'la', '.')).stdout).toContain('                 jan  rlidw   \n');
    await as(RAIFF, 'cfs', 'sa', '.', 'jan', 'none');
  });

  it('refuses -clear together with -negative in the classic words', async () => {
    expect(await as(RAIFF, 'cfs', 'sa', '-clear', '-negative', '.', 'jan', 'rl')).toMatchObject({
      status: 2,
      stdout:
        "Sorry, I won't let you specify -clear and -negative together\nSuch an ACL would not allow access to anyone\n",
    });
  });

  it('lets an administrator set the list of a directory in which he has no rights', async () => {
    await as(RAIFF, 'cfs', 'sa', '-clear', '.', 'jan', 'all');
    expect(await as(RAIFF, 'coda', 'cat', 'file')).toMatchObject({ status: 7 });
    expect(
      await as(RAIFF, 'cfs', 'sa', '.', 'System:AnyUser', 'rl', 'System:Administrators', 'all'),
    ).toMatchObject({
      status: 0,
    });
    expect(await as(RAIFF, 'coda', 'cat', 'file')).toMatchObject({ status: 0 });
  });

  it('shows what it would change with --dry-run, and changes nothing', async () => {
    const before = (await as(RAIFF, 'cfs', 'la', '.')).stdout;
    expect(await as(RAIFF, 'cfs', 'sa', '--dry-run', '.', 'baduser', 'rl', 'jan', 'none')).toMatchObject({
      status: 0,
      stdout: '.:\n  - jan rlidwka\n  + baduser rl\n',
    });
    expect((await as(RAIFF, 'cfs', 'la', '.')).stdout).toBe(before);
  });
});

describe('listacl', () => {
  it('names each of several directories, and goes on after one that fails', async () => {
    const finished = await as(RAIFF, 'cfs', 'listacl', '.', 'nosuch', '..');
    expect(finished.status).toBe(1);
    expect(finished.stderr).toBe('nosuch: No such file or directory\n');
    expect(finished.stdout).toMatch(/^\n\.:\n.*\n\n\.\.:\n/s);
  });

  it('prints one JSON document with failures inside', async () => {
    const finished = await as(RAIFF, 'cfs', 'la', '--json', '/coda/test.realm', 'nosuch');
    expect(JSON.parse(finished.stdout)).toEqual({
      directories: [
        {
          path: '/coda/test.realm',
          positive: [
            { name: 'System:AnyUser', rights: 'rl' },
            { name: 'System:Administrators', rights: 'rlidwka' },
          ],
          negative: [],
        },
      ],
      failures: [{ path: 'nosuch', errno: 2, message: 'No such file or directory' }],
    });
  });
});
