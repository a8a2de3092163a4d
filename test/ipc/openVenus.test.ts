import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { mountPointOf, openVenus, realmsOf, workingDirectory } from '../../src/ipc/openVenus.ts';
import type { Venus } from '../../src/ipc/venus.ts';
import { bytesOfText } from '../support/bytes.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();
const options = { timeLimit: 1000, uid: undefined };
const socket = { kind: 'socket', path: '/venus.sock' } as const;

/** An embedded venus that knows some realms and nothing else. */
function venusWithRealms(...realms: readonly string[]): Venus {
  const unused = () => {
    throw new Error('not asked for');
  };
  return {
    pioctl: () => Promise.resolve(bytesOfText(realms.map((realm) => `${realm}\0`).join(''))),
    files: unused,
    events: unused,
    close: unused,
  };
}

describe('a mounted Coda', () => {
  test('has the realms that are in its root, but for hidden names', async () => {
    const address = { kind: 'mount', directory: temporary() } as const;
    mkdirSync(temporary('r.org'));
    mkdirSync(temporary('coda.test'));
    writeFileSync(temporary('.hidden'), '');
    const venus = await openVenus(address, options);
    expect([...(await realmsOf(address, venus))].sort()).toEqual(['coda.test', 'r.org']);
  });

  test('is where it is mounted, and relative paths start at the working directory of the process', async () => {
    const address = { kind: 'mount', directory: '/mnt' } as const;
    const venus = await openVenus(address, options);
    expect(mountPointOf(address)).toBe('/mnt');
    const surroundings = { env: { CODA_CWD: '/coda/ignored' }, cwd: () => '/mnt/r.org' };
    await expect(workingDirectory(address, venus, surroundings)).resolves.toBe('/mnt/r.org');
  });
});

describe('an embedded venus', () => {
  const cwd = () => '/home/jan';

  test('answers which realms it has', async () => {
    await expect(realmsOf(socket, venusWithRealms('a.org', 'b.org'))).resolves.toEqual(['a.org', 'b.org']);
  });

  test('is nominally at /coda, and relative paths start at CODA_CWD, else in its first realm', async () => {
    expect(mountPointOf(socket)).toBe('/coda');
    const start = (env: Readonly<Record<string, string>>, ...realms: readonly string[]) =>
      workingDirectory(socket, venusWithRealms(...realms), { env, cwd });
    await expect(start({ CODA_CWD: '/coda/x' }, 'a.org')).resolves.toBe('/coda/x');
    await expect(start({}, 'a.org', 'b.org')).resolves.toBe('/coda/a.org');
    await expect(start({ CODA_CWD: '' }, 'a.org')).resolves.toBe('/coda/a.org');
    await expect(start({})).resolves.toBe('/coda');
  });
});
