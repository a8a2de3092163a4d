import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRealm } from './support.ts';
import { runOnTerminal } from './terminal.ts';

/** Local users of the tests. */
const [RAIFF, JAN] = [1001, 1002];

let realm: TestRealm;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('raiff', '--administrator');
  await realm.addUser('jan');
  await realm.login('raiff', RAIFF);
  await as(RAIFF, 'coda', ['mkdir', 'dir']);
  await as(RAIFF, 'coda', ['put', '-', 'file'], 'contents\n');
});
afterAll(() => realm.end());

function as(uid: number, tool: string, words: readonly string[], input?: string) {
  return realm.run(tool, words, {
    env: { CODA_UID: String(uid), CODA_CWD: '/coda/test.realm' },
    ...(input === undefined ? {} : { input }),
  });
}

/** The access list of the directory that no failure may touch. */
async function listOfDir(): Promise<string> {
  return (await as(RAIFF, 'cfs', ['la', 'dir'])).stdout;
}

describe('each failure has its own message and status, and changes nothing', () => {
  it.each([
    {
      failure: 'a wrong password',
      run: () => as(JAN, 'clog', ['jan@test.realm'], 'guess\n'),
      status: 7,
      stderr: 'Invalid login (RPC2_NOBINDING (F)).\nclog: wrong password for jan@test.realm\n',
    },
    {
      failure: 'an unknown user',
      run: () => as(JAN, 'clog', ['nobody@test.realm'], 'guess\n'),
      status: 1,
      stderr:
        'Invalid login (RPC2_NOTAUTHENTICATED (F)).\nclog: there is no user nobody in the realm test.realm\n',
    },
    {
      failure: 'an unknown realm',
      run: () => as(JAN, 'clog', ['jan@elsewhere'], 'guess\n'),
      status: 1,
      stderr: 'Invalid login (RPC2_FAIL (F)).\nclog: there is no realm elsewhere here\n',
    },
    {
      failure: 'no token',
      run: () => as(JAN, 'cfs', ['sa', 'dir', 'jan', 'all']),
      status: 4,
      stderr: 'dir: Permission denied\n',
    },
    {
      failure: 'a path outside Coda',
      run: () => as(RAIFF, 'cfs', ['sa', '/tmp', 'jan', 'all']),
      status: 2,
      stderr: '/tmp: Bad file descriptor\n',
    },
    {
      failure: 'a file instead of a directory',
      run: () => as(RAIFF, 'cfs', ['sa', 'file', 'jan', 'all']),
      status: 1,
      stderr: 'file: Not a directory\n',
    },
    {
      failure: 'an access list of 21 entries',
      run: () =>
        as(RAIFF, 'cfs', ['sa', 'dir', ...Array.from({ length: 19 }, (_, at) => [`user${at}`, 'rl']).flat()]),
      status: 1,
      stderr: 'dir: Argument list too long\n',
    },
    {
      failure: 'a right that does not exist',
      run: () => as(RAIFF, 'cfs', ['sa', 'dir', 'jan', 'rlz']),
      status: 2,
      stdout: 'Bogus rights specified: "rlz"\n',
    },
    {
      failure: 'a name that the servers do not know',
      run: () => as(RAIFF, 'cfs', ['sa', 'dir', 'nobody', 'rl']),
      status: 1,
      stderr: 'dir: No such file or directory\n*** User unknown by the servers?\n',
    },
    {
      failure: 'a name without rights',
      run: () => as(RAIFF, 'cfs', ['sa', 'dir', 'jan']),
      status: 2,
      stdout: 'Usage: cfs setacl [-clear] [-negative] <dir> <name> <rights> [<name> <rights> ....]\n',
    },
    {
      failure: 'something that is not there',
      run: () => as(RAIFF, 'cfs', ['la', 'nosuch']),
      status: 1,
      stderr: 'nosuch: No such file or directory\n',
    },
    {
      failure: 'a command that does not exist',
      run: () => as(RAIFF, 'cfs', ['listv', 'dir']),
      status: 2,
      stdout: 'Bogus or missing opcode: type "cfs help" for list\n',
    },
    {
      failure: 'an option that does not exist',
      run: () => as(RAIFF, 'cfs', ['la', '--colour', 'dir']),
      status: 2,
      stdout: 'Usage: cfs listacl <dir> [<dir> <dir> ...]\n',
    },
  ])('$failure', async ({ run, status, stdout = '', stderr = '' }) => {
    const before = await listOfDir();
    expect(await run()).toMatchObject({ status, stdout, stderr });
    expect(await listOfDir()).toBe(before);
    expect(await as(JAN, 'ctokens', ['@test.realm'])).toMatchObject({ status: 4 });
  });

  it('permission denied with a valid token', async () => {
    await realm.login('jan', 1003);
    expect(await as(1003, 'cfs', ['sa', 'dir', 'jan', 'all'])).toMatchObject({
      status: 7,
      stderr: 'dir: Permission denied\n',
    });
  });

  it('an expired token', async () => {
    const uid = 1004;
    await as(uid, 'clog', ['--lifetime', '1s', 'raiff@test.realm'], 'raiffraiff\n');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const before = await listOfDir();
    expect(await as(uid, 'cfs', ['sa', 'dir', 'jan', 'all'])).toMatchObject({
      status: 4,
      stderr: 'dir: Permission denied\n',
    });
    expect(await listOfDir()).toBe(before);
    expect((await as(uid, 'ctokens', ['@test.realm'])).stdout).toContain('\tThis token has expired.\n');
  });

  it('a venus that is not running', async () => {
    const env = { XDG_RUNTIME_DIR: `${realm.directory}/nowhere` };
    const socket = `${realm.directory}/nowhere/coda/venus.sock`;
    for (const words of [['la', '/coda/x'], ['cs'], ['gf', '/coda/x']]) {
      const { status, stderr } = await realm.run('cfs', words, { env });
      expect(status).toBe(3);
      expect(stderr).toContain(`venus is not running at ${socket}`);
    }
    expect(await realm.run('coda', ['ls', '/coda/x'], { env })).toMatchObject({ status: 3 });
    expect(await realm.run('ctokens', ['@test.realm'], { env })).toMatchObject({ status: 3 });
    expect(await realm.run('clog', ['jan@test.realm'], { env, input: 'x\n' })).toMatchObject({ status: 3 });
  });
});

describe('on a terminal', () => {
  it('the classic line is followed by the reason and the next command', async () => {
    const { stdout } = await runOnTerminal(realm, ['cfs', 'la', '/coda/test.realm/nosuch']);
    expect(stdout).toMatch(
      /^\/coda\/test\.realm\/nosuch: No such file or directory\n {2}why: {2}There is nothing named .*\n {2}next: Look at .*\n$/,
    );
  });

  it('names with escape sequences do nothing to it', async () => {
    await as(RAIFF, 'coda', ['mkdir', 'evil\u001b]0;title\u0007']);
    const { stdout } = await runOnTerminal(realm, ['coda', 'ls', '/coda/test.realm']);
    expect(stdout).toContain('evil\\x1b]0;title\\x07\n');
    expect(stdout).not.toContain('\u001b');
  });
});
