import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { authPlaceOf } from '../../src/commands/authServer.ts';
import { listServers } from '../../src/ipc/calls/listServers.ts';
import { useTemporaryDirectory } from '../support/temporaryDirectory.ts';
import { FakeVenus, type RunOptions, TestContext, on } from './support.ts';

const temporary = useTemporaryDirectory();
const mounted = { kind: 'mount', directory: '/coda' } as const;
const venus = () => new FakeVenus([on(listServers, () => [{ name: 's1', address: '127.10.0.1' }])]);

/** Where a login in a realm goes: `embedded`, or the servers as `address:port`. */
async function placeOf(realm: string, host?: string, options: RunOptions = {}): Promise<string> {
  writeFileSync(temporary('realms'), 'listed.org 127.0.0.1 127.0.0.2:3700\n');
  const context = new TestContext(venus(), { ...options, env: { CODACONFPATH: temporary() } });
  const place = await authPlaceOf(context, realm, host);
  if (place.kind === 'embedded') return place.kind;
  return place.servers.map(({ address, port }) => `${address}:${port}`).join(' ');
}

describe('a login goes', () => {
  test('to the embedded venus, for a realm that the realms file does not have', async () => {
    expect(await placeOf('r.org')).toBe('embedded');
  });

  test.each(['s1', '127.10.0.1'])('to the embedded venus, at its server %s', async (host) => {
    expect(await placeOf('r.org', host)).toBe('embedded');
  });

  test('to auth2, for a realm that the realms file has', async () => {
    expect(await placeOf('listed.org')).toBe('127.0.0.1:370 127.0.0.2:3700');
  });

  test('to auth2, at another host', async () => {
    expect(await placeOf('r.org', '127.0.0.1:99')).toBe('127.0.0.1:99');
    expect(await placeOf('r.org', '[::1]:99')).toBe('::1:99');
  });

  test('nowhere, at a name that is no host', async () => {
    await expect(placeOf('r.org', 'elsewhere')).rejects.toThrow('elsewhere: no auth server of this realm');
  });

  test('to auth2 on a mounted Coda, always', async () => {
    expect(await placeOf('listed.org', undefined, { address: mounted })).toBe('127.0.0.1:370 127.0.0.2:3700');
    expect(await placeOf('10.1.2.3', undefined, { address: mounted })).toBe('10.1.2.3:370');
    await expect(placeOf('nodots', undefined, { address: mounted })).rejects.toThrow(
      "Unable to resolve addresses for Coda auth2 servers in realm 'nodots'",
    );
  });
});
