import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { localUserName } from '../../src/commands/localUser.ts';
import { whichRealm, whoIs } from '../../src/commands/whoIs.ts';
import { listRealms } from '../../src/ipc/calls/listRealms.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';
import { FakeVenus, type RunOptions, TestContext, on } from './support.ts';

const temporary = useTemporaryDirectory();
const mount = { kind: 'mount', directory: '/mnt' } as const;
const me = userInfo().username;
const PROBLEM = 'Can\'t figure out your username or realm.\nTry "cfs user[@realm]"';

function contextOf(options: RunOptions = {}, venus = new FakeVenus([])): TestContext {
  return new TestContext(venus, options);
}

/** With a configuration that names a realm. */
function configured(): RunOptions {
  writeFileSync(temporary('venus.conf'), 'realm=conf.org\n');
  return { env: { CODACONFPATH: temporary() } };
}

describe('the local user', () => {
  test('is the one of the process', () => {
    expect(localUserName(contextOf())).toBe(me);
  });

  test('is the one that CODA_UID names, if the system knows him', () => {
    const [name, , uid = ''] = (readFileSync('/etc/passwd', 'utf8').split('\n').at(-2) ?? '').split(':');
    expect(localUserName(contextOf({ env: { CODA_UID: uid } }))).toBe(name);
    expect(localUserName(contextOf({ env: { CODA_UID: '4294967294' } }))).toBeUndefined();
  });
});

describe('the realm', () => {
  test('is the one that is typed, behind the last @', async () => {
    for (const typed of ['jan@r1.org', '@r1.org', 'a@b@r1.org']) {
      expect(await whichRealm(contextOf(configured()), typed)).toBe('r1.org');
    }
  });

  test('is the one of the configuration where none is typed', async () => {
    for (const typed of ['jan', 'jan@', '@', '', undefined]) {
      expect(await whichRealm(contextOf(configured()), typed)).toBe('conf.org');
    }
  });

  test('is the first of the embedded venus without a configuration', async () => {
    expect(await whichRealm(contextOf(), 'jan')).toBe('r.org');
  });

  test('cannot be told on a mount without a configuration, or where venus has none', async () => {
    await expect(whichRealm(contextOf({ address: mount }), 'jan')).rejects.toThrow(PROBLEM);
    const empty = new FakeVenus([on(listRealms, () => [])]);
    await expect(whichRealm(contextOf({}, empty), 'jan')).rejects.toThrow(PROBLEM);
  });
});

describe('who is meant', () => {
  test('is told by what is typed, the local user and the realm', async () => {
    expect(await whoIs(contextOf(), 'jan@r1.org')).toEqual({ user: 'jan', realm: 'r1.org' });
    expect(await whoIs(contextOf(), 'jan')).toEqual({ user: 'jan', realm: 'r.org' });
    expect(await whoIs(contextOf(), '@r1.org')).toEqual({ user: me, realm: 'r1.org' });
    expect(await whoIs(contextOf(configured()), undefined)).toEqual({ user: me, realm: 'conf.org' });
  });

  test('asks venus nothing where the realm is typed', async () => {
    const venus = new FakeVenus([]);
    await whoIs(contextOf({}, venus), 'jan@r1.org');
    expect(venus.requests).toEqual([]);
  });

  test('cannot be told for a local user without a name, unless one is typed', async () => {
    const context = () => contextOf({ env: { CODA_UID: '4294967294' } });
    await expect(whoIs(context(), '@r1.org')).rejects.toMatchObject({ message: PROBLEM, unlabelled: true });
    expect(await whoIs(context(), 'jan@r1.org')).toEqual({ user: 'jan', realm: 'r1.org' });
  });
});
