import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Surroundings,
  checkPrivate,
  checkSocketPath,
  chooseVenus,
  defaultSocket,
  parseAddress,
  runtimeDirectory,
} from '../../src/ipc/address.ts';
import { ConfigurationError } from '../../src/ipc/errors.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';

/** Nobody has this uid, so that nothing of a user of this machine decides the tests. */
const NOBODY = 4_000_000_000 + process.pid;
const ownUid = process.getuid?.() ?? NOBODY;

const temporary = useTemporaryDirectory();

/** A user whose runtime directory is the temporary one, and whose Coda is not mounted. */
function user(env: Readonly<Record<string, string>> = {}): Surroundings {
  mkdirSync(temporary('conf'), { recursive: true });
  writeFileSync(temporary('conf', 'venus.conf'), `mountpoint=${temporary('coda')}\n`);
  return { env: { CODACONFPATH: temporary('conf'), XDG_RUNTIME_DIR: temporary('run'), ...env }, uid: NOBODY };
}

describe('which venus is talked to', () => {
  test('--venus decides before everything else', () => {
    const surroundings = user({ CODA_VENUS: 'unix:/other.sock' });
    expect(chooseVenus('mount:/mnt', surroundings)).toEqual({ kind: 'mount', directory: '/mnt' });
    expect(chooseVenus('unix:/a.sock', surroundings)).toEqual({ kind: 'socket', path: '/a.sock' });
  });

  test('then CODA_VENUS', () => {
    const surroundings = user({ CODA_VENUS: 'mount:/elsewhere' });
    expect(chooseVenus(undefined, surroundings)).toEqual({ kind: 'mount', directory: '/elsewhere' });
  });

  test('then the socket of the embedded venus, where no Coda is mounted', () => {
    const socket = { kind: 'socket', path: temporary('run/coda/venus.sock') };
    expect(chooseVenus(undefined, user())).toEqual(socket);
    mkdirSync(temporary('coda'));
    expect(chooseVenus(undefined, user())).toEqual(socket);
    expect(chooseVenus(undefined, user({ CODA_VENUS: '' }))).toEqual(socket);
  });

  test('a bad --venus or CODA_VENUS is an error that names it', () => {
    expect(() => chooseVenus('coda', user())).toThrow('--venus: coda names no venus');
    expect(() => chooseVenus(undefined, user({ CODA_VENUS: 'x' }))).toThrow('CODA_VENUS: x names no venus');
  });
});

describe('the name of a venus', () => {
  test.each([
    ['mount:/coda', { kind: 'mount', directory: '/coda' }],
    ['mount:/coda///', { kind: 'mount', directory: '/coda' }],
    ['mount:/', { kind: 'mount', directory: '/' }],
    ['unix:/run/x.sock', { kind: 'socket', path: '/run/x.sock' }],
    ['unix:/with space:and colon', { kind: 'socket', path: '/with space:and colon' }],
  ])('%j is understood', (text, address) => {
    expect(parseAddress(text, '--venus')).toEqual(address);
  });

  test.each(['', '/coda', 'mount:', 'mount:coda', 'unix:', 'unix:venus.sock', 'http://venus', 'MOUNT:/coda'])(
    '%j is refused with an example of a good one',
    (text) => {
      expect(() => parseAddress(text, '--venus')).toThrow(ConfigurationError);
      expect(() => parseAddress(text, '--venus')).toThrow(
        expect.objectContaining({ next: 'Write --venus as mount:/coda or as unix:/path/venus.sock.' }),
      );
    },
  );
});

describe('the path of a socket', () => {
  test('may have 107 bytes; a longer one, which the system would cut, is refused with that reason', () => {
    const path = `/${'s'.repeat(106)}`;
    expect(checkSocketPath(path)).toBe(path);
    expect(parseAddress(`unix:${path}`, '--venus')).toEqual({ kind: 'socket', path });
    expect(() => checkSocketPath(`${path}s`)).toThrow(ConfigurationError);
    expect(() => checkSocketPath(`${path}s`)).toThrow(
      expect.objectContaining({ why: 'The path has 108 bytes; the system takes 107.' }),
    );
    expect(() => parseAddress(`unix:${path}s`, '--venus')).toThrow('too long for a socket');
  });

  test('is measured in bytes', () => {
    expect(checkSocketPath(`/${'ä'.repeat(53)}`)).toHaveLength(54);
    expect(() => checkSocketPath(`/${'ä'.repeat(53)}s`)).toThrow(ConfigurationError);
  });

  test('is refused when XDG_RUNTIME_DIR makes it too long', () => {
    expect(() => chooseVenus(undefined, user({ XDG_RUNTIME_DIR: `/${'r'.repeat(100)}` }))).toThrow(
      ConfigurationError,
    );
  });
});

describe('the client that CODA_CLIENT names', () => {
  test.each(['laptop', 'c2', 'A.b-c_d', '0'])('%j has a socket of its own', (client) => {
    expect(defaultSocket(user({ CODA_CLIENT: client }))).toBe(temporary('run/coda', `${client}.sock`));
  });

  test('is the only one when it is empty', () => {
    expect(defaultSocket(user({ CODA_CLIENT: '' }))).toBe(temporary('run/coda/venus.sock'));
  });

  test.each(['../x', 'a/b', '.hidden', '-x', 'a b', 'ä', '..'])('%j is refused', (client) => {
    expect(() => defaultSocket(user({ CODA_CLIENT: client }))).toThrow(ConfigurationError);
  });
});

describe('the directory of the sockets', () => {
  test('is in XDG_RUNTIME_DIR', () => {
    expect(runtimeDirectory({ env: { XDG_RUNTIME_DIR: '/run/mine' }, uid: NOBODY })).toBe('/run/mine/coda');
  });

  describe('without XDG_RUNTIME_DIR and /run/user', () => {
    const directory = `/tmp/coda-${NOBODY}`;
    const remove = () => rmSync(directory, { recursive: true, force: true });
    beforeEach(remove);
    afterEach(remove);

    test('is in /tmp, and is not made by looking for it', () => {
      expect(runtimeDirectory({ env: {}, uid: NOBODY })).toBe(directory);
      expect(runtimeDirectory({ env: {}, uid: NOBODY })).toBe(directory);
    });

    test('is refused when somebody else made it', () => {
      mkdirSync(directory, { mode: 0o700 });
      expect(() => runtimeDirectory({ env: {}, uid: NOBODY })).toThrow(ConfigurationError);
      expect(() => defaultSocket({ env: {}, uid: NOBODY })).toThrow('not a private directory of yours');
    });
  });
});

describe('a directory where others may write is trusted only if it', () => {
  const refused = (uid = ownUid) => {
    expect(() => checkPrivate(temporary('dir'), uid)).toThrow(ConfigurationError);
  };
  const make = (mode: number) => {
    mkdirSync(temporary('dir'));
    chmodSync(temporary('dir'), mode);
  };

  test('is absent or private', () => {
    expect(() => checkPrivate(temporary('dir'), ownUid)).not.toThrow();
    make(0o700);
    expect(() => checkPrivate(temporary('dir'), ownUid)).not.toThrow();
  });

  test.each([0o755, 0o711, 0o750, 0o701, 0o770])('has no right for others: not mode %o', (mode) => {
    make(mode);
    refused();
  });

  test('belongs to the user', () => {
    make(0o700);
    refused(ownUid + 1);
  });

  test('is a directory, no link to one and no file', () => {
    mkdirSync(temporary('real'), { mode: 0o700 });
    symlinkSync(temporary('real'), temporary('dir'));
    refused();
    rmSync(temporary('dir'));
    writeFileSync(temporary('dir'), '', { mode: 0o600 });
    refused();
  });
});
