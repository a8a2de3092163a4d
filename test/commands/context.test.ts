import { describe, expect, test } from 'vitest';
import { ExitStatus } from '../../src/commands/exitStatus.ts';
import { getToken } from '../../src/ipc/calls/getToken.ts';
import type { Token } from '../../src/ipc/clearToken.ts';
import { type ErrnoName, errno } from '../../src/ipc/errno.ts';
import { ConfigurationError, NotCodaPathError, UnsupportedError, VenusError } from '../../src/ipc/errors.ts';
import { FakeVenus, type RunOptions, TestContext, on, refuse } from './support.ts';

const NOW = 1_000_000;
const mount = { kind: 'mount', directory: '/mnt' } as const;
const denied = new VenusError(errno('EACCES'));

function contextOf(options: RunOptions = {}, venus = new FakeVenus([])): TestContext {
  return new TestContext(venus, options);
}

function tokenEnding(ends: number): Token {
  const clear = { authHandle: -1, handshakeKey: new Uint8Array(8), viceId: 500, begins: 0, ends };
  return { clear, secret: new Uint8Array(56) };
}

describe('a path', () => {
  test('starts in the first realm where nothing is mounted, or at CODA_CWD', async () => {
    expect(await contextOf().target('usr')).toEqual({ typed: 'usr', path: '/r.org/usr' });
    expect(await contextOf({ env: { CODA_CWD: '/coda/r.org/usr' } }).target('jan')).toEqual({
      typed: 'jan',
      path: '/r.org/usr/jan',
    });
  });

  test('starts at the working directory where Coda is mounted', async () => {
    const context = contextOf({ address: mount, cwd: '/mnt/r.org' });
    expect(await context.target('usr')).toEqual({ typed: 'usr', path: '/r.org/usr' });
    expect(await context.target('/mnt/q.org')).toEqual({ typed: '/mnt/q.org', path: '/q.org' });
    expect(context.userPath('/coda/r.org/usr')).toBe('/mnt/r.org/usr');
  });

  test('that is absolute asks venus nothing', async () => {
    const venus = new FakeVenus([]);
    await contextOf({}, venus).target('/coda/r.org');
    expect(venus.requests).toEqual([]);
  });

  test('outside Coda is an error', async () => {
    await expect(contextOf().target('/tmp')).rejects.toThrow(NotCodaPathError);
    const context = contextOf({ address: mount, cwd: '/home/jan' });
    await expect(context.target('usr')).rejects.toThrow(NotCodaPathError);
  });
});

describe('CODA_UID', () => {
  test.each([
    [undefined, undefined],
    ['', undefined],
    ['1000', undefined],
    ['0', 0],
    ['1001', 1001],
    ['4294967295', 4_294_967_295],
  ])('%s speaks for %s', (text, uid) => {
    expect(contextOf({ env: text === undefined ? {} : { CODA_UID: text } }).otherUid()).toBe(uid);
  });

  test.each(['jan', '-1', '1.5', '4294967296', '99999999999', ' 1', '0x1'])('cannot be %s', (text) => {
    expect(() => contextOf({ env: { CODA_UID: text } }).otherUid()).toThrow(ConfigurationError);
  });
});

describe('a failure', () => {
  test('is a classic line on stderr, an entry of --json and a status', async () => {
    const context = contextOf();
    await context.fail(new VenusError(errno('ENOENT')), 'VIOC_GETFID', 'usr');
    await context.fail(new Error('broken'), 'label');
    expect(context.recorded.stderr).toBe('VIOC_GETFID: No such file or directory\nlabel: broken\n');
    expect(context.failures).toEqual([
      { path: 'usr', errno: 2, message: 'No such file or directory' },
      { path: 'label', message: 'broken' },
    ]);
    expect(context.exitStatus()).toBe(1);
  });

  const tokens: readonly (readonly [string, () => Token, number, RegExp])[] = [
    ['valid', () => tokenEnding(NOW / 1000 + 1), 7, /access list does not give you/],
    ['ending now', () => tokenEnding(NOW / 1000), 4, /has expired/],
    ['none', () => refuse('ENOTCONN'), 4, /no token for r\.org/],
    ['not to be had', () => refuse('EIO'), 7, /access list does not give you/],
  ];
  test.each(tokens)('to be permitted is looked into: a token that is %s', async (_, token, status, why) => {
    const venus = new FakeVenus([on(getToken, token)]);
    const context = contextOf({ now: NOW, ends: { err: true } }, venus);
    await context.fail(denied, 'usr', 'usr');
    expect(context.exitStatus()).toBe(status);
    expect(context.recorded.stderr).toMatch(why);
  });

  test('to be permitted at no path is not looked into', async () => {
    const venus = new FakeVenus([]);
    const context = contextOf({}, venus);
    await context.fail(denied, 'usr');
    expect(context.exitStatus()).toBe(7);
    expect(venus.requests).toEqual([]);
  });
});

describe('the exit status of a run', () => {
  test('is of all that was done, "in part" where some failed', async () => {
    const context = contextOf();
    expect(context.exitStatus()).toBe(0);
    context.succeed();
    expect(context.exitStatus()).toBe(0);
    await context.fail(new VenusError(errno('EPERM')), 'x');
    expect(context.exitStatus()).toBe(1);
  });

  test('is that of each where all failed alike', async () => {
    const context = contextOf();
    const names: readonly ErrnoName[] = ['ETIMEDOUT', 'EAGAIN'];
    for (const name of names) await context.fail(new VenusError(errno(name)), 'x');
    expect(context.exitStatus()).toBe(5);
  });

  test('is that of the C tool with CODA_CLASSIC=1: of the last failure', async () => {
    const context = contextOf({ env: { CODA_CLASSIC: '1' } });
    context.succeed();
    expect(context.exitStatus()).toBe(0);
    await context.fail(denied, 'x');
    context.succeed();
    expect(context.exitStatus()).toBe(255);
    context.count(ExitStatus.Failed, 0);
    expect(context.exitStatus()).toBe(0);
  });
});

describe('what is printed', () => {
  const EVIL = 'a\u001b[2J\n';

  test('is classic to the byte for a script, and harmless on a terminal', () => {
    for (const [out, shown] of [
      [false, EVIL],
      [true, 'a\\x1b[2J\n'],
    ] as const) {
      const context = contextOf({ ends: { out } });
      context.print(EVIL);
      expect(context.recorded.stdout).toBe(shown);
    }
  });

  test('for a person alone is on stderr, and nowhere in a script', () => {
    const [person, script] = [contextOf({ ends: { err: true } }), contextOf({ ends: { out: true } })];
    for (const context of [person, script]) context.note('look\u0007');
    expect(person.recorded.stderr).toBe('look\\x07\n');
    expect(script.recorded).toMatchObject({ stdout: '', stderr: '' });
  });
});

test('what only the embedded venus does is refused on a mount', async () => {
  await expect(contextOf({ address: mount }).http('coda status')).rejects.toThrow(UnsupportedError);
});
