import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { formatTokenFile } from '../../src/auth/tokenFile.ts';
import { clog } from '../../src/commands/clog/clog.ts';
import { ctokens } from '../../src/commands/ctokens/ctokens.ts';
import { cunlog } from '../../src/commands/cunlog/cunlog.ts';
import { forgetToken } from '../../src/ipc/calls/forgetToken.ts';
import { getToken } from '../../src/ipc/calls/getToken.ts';
import { listRealms } from '../../src/ipc/calls/listRealms.ts';
import { setToken } from '../../src/ipc/calls/setToken.ts';
import type { Token } from '../../src/ipc/clearToken.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';
import { FakeVenus, on, refuse, run } from './support.ts';

const temporary = useTemporaryDirectory();

/** Seconds; a minute before the token ends. */
const ENDS = 1_795_296_854;
const now = (ENDS - 60) * 1000;
const token: Token = {
  clear: { authHandle: -1, handshakeKey: new Uint8Array(8).fill(1), viceId: 500, begins: 0, ends: ENDS },
  secret: new Uint8Array(56).fill(2),
};
const HEAD = `Tokens held by the Cache Manager for ${userInfo().username}:\n`;
const VALID = '\tCoda user id:\t 500\n\tExpiration time: Sat Nov 21 21:34:14 2026\n';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
  return () => vi.unstubAllEnvs();
});

/** With a token for r.org, none for none.org, and trouble with bad.org. */
const venus = () =>
  new FakeVenus([
    on(getToken, (realm) =>
      realm === 'r.org' ? token : refuse(realm === 'none.org' ? 'ENOTCONN' : 'ETIMEDOUT'),
    ),
  ]);

describe('ctokens', () => {
  test('shows the token for a realm', async () => {
    expect(await run(ctokens, ['@r.org'], venus(), { now })).toEqual({
      stdout: `${HEAD}    @r.org\n${VALID}`,
      stderr: '',
      status: 0,
    });
  });

  test.each([
    { typed: '@r.org', at: ENDS, shown: '\tCoda user id:\t 500\n\tThis token has expired.\n', status: 4 },
    { typed: '@none.org', at: ENDS - 1, shown: '\tNot Authenticated\n', status: 4 },
    { typed: '@bad.org', at: ENDS - 1, shown: '\tGetLocalTokens error (110)\n', status: 1 },
    { typed: 'jan@r.org', at: ENDS - 1, shown: VALID, status: 0 },
  ])('answers for $typed with status $status', async ({ typed, at, shown, status }) => {
    const finished = await run(ctokens, [typed], venus(), { now: at * 1000 });
    expect(finished).toMatchObject({ status, stderr: '' });
    expect(finished.stdout).toBe(`${HEAD}    ${typed.slice(typed.indexOf('@'))}\n${shown}`);
    const classic = await run(ctokens, [typed], venus(), { now: at * 1000, env: { CODA_CLASSIC: '1' } });
    expect(classic.status).toBe(status === 0 ? 0 : 1);
  });

  test.each([[[]], [['r.org']], [['@r.org', '@none.org']], [['@']]])(
    'reports on all realms where not one realm is named: %j',
    async (words) => {
      const known = new FakeVenus([
        on(listRealms, () => ['none.org', 'r.org']),
        on(getToken, (realm) => (realm === 'r.org' ? token : refuse('ENOTCONN'))),
      ]);
      expect(await run(ctokens, words, known, { now })).toEqual({
        stdout: `${HEAD}    @none.org\n\tNot Authenticated\n    @r.org\n${VALID}`,
        stderr: '',
        status: 0,
      });
    },
  );

  test('answers whether a token lives long enough', async () => {
    expect(await run(ctokens, ['@r.org', '--min-valid=59s'], venus(), { now })).toMatchObject({ status: 0 });
    expect(await run(ctokens, ['@r.org', '--min-valid=60s'], venus(), { now })).toMatchObject({ status: 4 });
  });

  test('tells times in UTC and what is left in --json', async () => {
    const { stdout } = await run(ctokens, ['@r.org', '--json'], venus(), { now: now + 500 });
    expect(JSON.parse(stdout)).toEqual({
      tokens: [
        { realm: 'r.org', state: 'valid', viceId: 500, expires: '2026-11-21T21:34:14.000Z', secondsLeft: 59 },
      ],
      failures: [],
    });
  });
});

describe('clog -fromfile', () => {
  const given: { readonly realm: string; readonly token: Token }[] = [];
  const taking = () => new FakeVenus([on(setToken, (request) => void given.push(request))]);
  const file = () => temporary('jan.tok');

  beforeEach(() => {
    given.length = 0;
    writeFileSync(file(), formatTokenFile(token));
  });

  test('gives venus the token of the file, for the realm that is named, and says nothing', async () => {
    expect(await run(clog, ['-fromfile', file(), '@q.org'], taking(), { now })).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    expect(given).toEqual([{ realm: 'q.org', token }]);
  });

  test('with -tofile copies it', async () => {
    await run(clog, ['-tofile', temporary('copy'), '--fromfile', file()], taking(), { now });
    await run(clog, ['-fromfile', temporary('copy')], taking(), { now });
    expect(given).toEqual([
      { realm: 'r.org', token },
      { realm: 'r.org', token },
    ]);
  });

  test('gives venus no token that has expired', async () => {
    const late = run(clog, ['-fromfile', file()], taking(), { now: ENDS * 1000 });
    await expect(late).rejects.toThrow(`The token in ${file()} has expired.`);
    expect(given).toEqual([]);
  });
});

describe('cunlog', () => {
  test('makes venus forget the token for the realm that is meant, and says nothing', async () => {
    const forgotten: string[] = [];
    const forgetting = new FakeVenus([on(forgetToken, (realm) => void forgotten.push(realm))]);
    const silent = { stdout: '', stderr: '', status: 0 };
    expect(await run(cunlog, ['@q.org'], forgetting)).toEqual(silent);
    expect(await run(cunlog, [], forgetting)).toEqual(silent);
    expect(forgotten).toEqual(['q.org', 'r.org']);
  });
});
