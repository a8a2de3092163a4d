import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { auth2ServerAt, auth2ServersOf } from '../../../src/auth/realms/realmServers.ts';
import { hostsOf, readRealmsFile } from '../../../src/auth/realms/realmsFile.ts';
import { type ServiceRecord, machineResolver } from '../../../src/auth/realms/resolver.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';

const temporary = useTemporaryDirectory();

const REALMS = `# comment example.org hidden
example.organic other.example.net
example.org\ts1.example.org s2.example.org,10.0.0.3
 indented.org never
example.org too-late
bare.org
bare.org s1.example.org
empty.org${'  '}
dead.org nowhere.example.org
ports.org 127.0.0.1:3700 [::1]:3701
both.org both.example.org
`;

const hosts: Readonly<Record<string, readonly string[]>> = {
  's1.example.org': ['10.0.0.1'],
  's2.example.org': ['10.0.0.2'],
  'both.example.org': ['10.0.0.9', '2001:db8::9'],
  'srv.org': ['10.9.9.9'],
  'plain.org': ['10.8.8.8', '2001:db8::8'],
  'bare.org': ['10.7.7.7'],
};
const records: Readonly<Record<string, readonly ServiceRecord[]>> = {
  '_codaauth2._udp.srv.org': [
    { name: 's2.example.org', port: 371, priority: 20, weight: 0 },
    { name: 's1.example.org', port: 372, priority: 10, weight: 0 },
  ],
  '_codaauth2._udp.none.org': [{ name: '.', port: 0, priority: 0, weight: 0 }],
  '_codaauth2._udp.heavy.org': [
    { name: 's1.example.org', port: 1, priority: 1, weight: 90 },
    { name: 's2.example.org', port: 2, priority: 1, weight: 10 },
  ],
};

function lookup({ services = '', chance = 0 } = {}) {
  const asked: string[] = [];
  const resolver = {
    addresses: (host: string) => {
      asked.push(host);
      const known = /^[\d.]+$|^[\da-f:]+$/.test(host) ? [host] : (hosts[host] ?? []);
      return Promise.resolve(
        known.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }) as const),
      );
    },
    services: (name: string) => {
      asked.push(name);
      return Promise.resolve(records[name]);
    },
  };
  return { asked, resolver, realmsFile: REALMS, services, chance: () => chance };
}

/** `address port` of each server. */
async function serversOf(realm: string, options = {}): Promise<readonly string[]> {
  const found = await auth2ServersOf(realm, lookup(options));
  return found.map(({ address, port, family }) => `${family === 6 ? `[${address}]` : address}:${port}`);
}

describe('the servers of a realm', () => {
  test('are those of its first line in the realms file, in order', async () => {
    expect(await serversOf('example.org')).toEqual(['10.0.0.1:370', '10.0.0.2:370', '10.0.0.3:370']);
  });

  test('have the port that the machine has for the service', async () => {
    const services = 'codaauth2\t999/tcp\ncodaauth2\t377/udp # Coda\n';
    expect(await serversOf('plain.org', { services })).toEqual(['10.8.8.8:377', '[2001:db8::8]:377']);
  });

  test('may be named with ports', async () => {
    expect(await serversOf('ports.org')).toEqual(['127.0.0.1:3700', '[::1]:3701']);
  });

  test('have all their addresses, IPv4 first', async () => {
    expect(await serversOf('both.org')).toEqual(['10.0.0.9:370', '[2001:db8::9]:370']);
  });

  test.each(['dead.org', 'empty.org'])(
    'of %s are none: the file has said so, and DNS is not asked',
    async (realm) => {
      const watched = lookup();
      await expect(auth2ServersOf(realm, watched)).rejects.toThrow(
        `Unable to resolve addresses for Coda auth2 servers in realm '${realm}'`,
      );
      expect(watched.asked.filter((name) => name.startsWith('_'))).toEqual([]);
    },
  );

  test('of a line without anything behind the name are looked for in DNS', async () => {
    expect(await serversOf('bare.org')).toEqual(['10.7.7.7:370']);
  });

  test('come from service records, by priority, with their ports', async () => {
    expect(await serversOf('srv.org')).toEqual(['10.0.0.1:372', '10.0.0.2:371']);
  });

  test.each([
    [0.05, ['10.0.0.2:2', '10.0.0.1:1']],
    [0.5, ['10.0.0.1:1', '10.0.0.2:2']],
  ])('of one priority are shuffled by weight (%d)', async (chance, expected) => {
    expect(await serversOf('heavy.org', { chance })).toEqual(expected);
  });

  test('are none where DNS says that there is no such service', async () => {
    await expect(serversOf('none.org')).rejects.toMatchObject({ code: 'no-servers' });
  });

  test('are the addresses of the name itself where DNS has no records', async () => {
    expect(await serversOf('plain.org')).toEqual(['10.8.8.8:370', '[2001:db8::8]:370']);
    expect(await serversOf('10.1.2.3')).toEqual(['10.1.2.3:370']);
  });

  test.each(['', '.example.org', 'nodots', 'unknown.org'])('of "%s" are none', async (realm) => {
    await expect(serversOf(realm)).rejects.toMatchObject({ code: 'no-servers' });
  });
});

describe('a server that is named', () => {
  test.each([
    ['s1.example.org', '10.0.0.1', 370],
    ['s1.example.org:3700', '10.0.0.1', 3700],
    ['127.0.0.1:3700', '127.0.0.1', 3700],
    ['::1', '::1', 370],
    ['[::1]:3700', '::1', 3700],
    ['[::1]', '::1', 370],
  ])('%s is found', async (host, address, port) => {
    expect(await auth2ServerAt(host, lookup())).toMatchObject([{ name: host, address, port }]);
  });

  test.each(['nowhere.example.org', 's1.example.org:port', ''])('"%s" is not', async (host) => {
    await expect(auth2ServerAt(host, lookup())).rejects.toMatchObject({ code: 'no-servers' });
  });
});

describe('the realms file', () => {
  test('does not take a longer name for a shorter one', () => {
    expect(hostsOf('example.or', REALMS)).toBeUndefined();
    expect(hostsOf('example.organic', REALMS)).toEqual(['other.example.net']);
  });

  test('is the one that the configuration names, or the one beside it', () => {
    mkdirSync(temporary('conf'));
    const env = { CODACONFPATH: temporary('conf') };
    expect(readRealmsFile(env)).toBe('');
    writeFileSync(temporary('conf', 'realms'), 'beside');
    expect(readRealmsFile(env)).toBe('beside');
    writeFileSync(temporary('named'), 'named');
    writeFileSync(temporary('conf', 'auth2.conf'), `realmtab="${temporary('named')}"\n`);
    expect(readRealmsFile(env)).toBe('named');
  });

  test('that is there and cannot be read is not passed over', () => {
    mkdirSync(temporary('realms'));
    expect(() => readRealmsFile({ CODACONFPATH: temporary() })).toThrow('cannot be read');
  });
});

test("this machine's own name service knows addresses, and nothing of names that cannot be", async () => {
  expect(await machineResolver.addresses('127.0.0.1')).toEqual([{ address: '127.0.0.1', family: 4 }]);
  expect(await machineResolver.addresses('::1')).toEqual([{ address: '::1', family: 6 }]);
});
