import { describe, expect, test, vi } from 'vitest';
import { UnknownHostError, serverNames } from '../../src/commands/serverNames.ts';
import { checkservers } from '../../src/commands/cfs/checkservers.ts';
import { whereis } from '../../src/commands/cfs/whereis.ts';
import { checkServers } from '../../src/ipc/calls/checkServers.ts';
import { listServers } from '../../src/ipc/calls/listServers.ts';
import { whereIs } from '../../src/ipc/calls/whereIs.ts';
import { FakeVenus, TestContext, on, refuse, run } from './support.ts';

/** What the resolver knows. */
vi.mock('node:dns/promises', () => ({
  lookup: (host: string) =>
    host === 'far.org' ? Promise.resolve({ address: '10.77.0.9' }) : Promise.reject(new Error('ENOTFOUND')),
  Resolver: class {
    reverse(address: string): Promise<readonly string[]> {
      if (address === '10.77.0.9') return Promise.resolve(['far.org', 'other.org']);
      return address === '10.77.0.8' ? Promise.resolve([]) : Promise.reject(new Error('ENOTFOUND'));
    }
  },
}));

const servers = [
  { address: '127.0.0.1', name: 'server1' },
  { address: '127.0.0.2', name: 'server2' },
];
const known = on(listServers, () => servers);

describe('a server of the embedded venus', () => {
  test('has the name and the address that venus knows, asked for once', async () => {
    const venus = new FakeVenus([known]);
    const names = serverNames(new TestContext(venus), false);
    expect(await names.nameOf('127.0.0.2')).toBe('server2');
    expect(await names.addressOf('server1')).toBe('127.0.0.1');
    expect(await names.addressOf('10.1')).toBe('10.0.0.1');
    expect(venus.requests).toHaveLength(1);
  });

  test('has no name where names are not wanted', async () => {
    const venus = new FakeVenus([known]);
    expect(await serverNames(new TestContext(venus), true).nameOf('127.0.0.2')).toBe('127.0.0.2');
    expect(venus.requests).toEqual([]);
  });

  test('may be one that only the resolver knows, and is an error if it does not', async () => {
    const names = serverNames(new TestContext(new FakeVenus([known])), false);
    expect(await names.addressOf('far.org')).toBe('10.77.0.9');
    await expect(names.addressOf('near.org')).rejects.toThrow(UnknownHostError);
    await expect(names.addressOf('near.org')).rejects.toThrow('near.org: no such host');
  });
});

describe('a server of a mounted Coda', () => {
  const onMount = () =>
    serverNames(
      new TestContext(new FakeVenus([]), { address: { kind: 'mount', directory: '/coda' } }),
      false,
    );

  test('has the name that the resolver knows, or its address for one', async () => {
    expect(await onMount().nameOf('10.77.0.9')).toBe('far.org');
    expect(await onMount().nameOf('10.77.0.8')).toBe('10.77.0.8');
    expect(await onMount().nameOf('10.77.0.7')).toBe('10.77.0.7');
  });

  test('is found by its name or its address', async () => {
    expect(await onMount().addressOf('far.org')).toBe('10.77.0.9');
    expect(await onMount().addressOf('10.77.0.7')).toBe('10.77.0.7');
  });
});

describe('cfs checkservers', () => {
  const venusWithDown = (...down: readonly string[]) => new FakeVenus([known, on(checkServers, () => down)]);

  test('says that all servers are up', async () => {
    const finished = await run(checkservers, [], venusWithDown());
    expect(finished).toEqual({ stdout: 'Contacting servers .....\nAll servers up\n', stderr: '', status: 0 });
  });

  test('names those that are down, on one line', async () => {
    const all = venusWithDown('127.0.0.1', '127.0.0.2');
    const first = 'Contacting servers .....\nThese servers still down:';
    expect(await run(checkservers, [], all)).toMatchObject({
      stdout: `${first}   server1  server2\n`,
      status: 0,
    });
    expect(await run(checkservers, ['-numeric'], all)).toMatchObject({
      stdout: `${first}   127.0.0.1  127.0.0.2\n`,
    });
    expect(await run(checkservers, ['--exit-code'], all)).toMatchObject({ status: 5 });
    expect(await run(checkservers, ['--exit-code'], venusWithDown())).toMatchObject({ status: 0 });
  });

  test('asks about the servers that are named', async () => {
    const asked: (readonly string[])[] = [];
    const venus = new FakeVenus([
      known,
      on(checkServers, (addresses) => {
        asked.push(addresses);
        return [];
      }),
    ]);
    await run(checkservers, ['server2', '10.0.0.1'], venus);
    await run(checkservers, [], venus);
    expect(asked).toEqual([['127.0.0.2', '10.0.0.1'], []]);
  });

  test('reports what fails under the name of the call, and in --json', async () => {
    const broken = () => new FakeVenus([known, on(checkServers, () => refuse('EIO'))]);
    expect(await run(checkservers, [], broken())).toEqual({
      stdout: 'Contacting servers .....\n',
      stderr: 'VIOCCKSERV: Input/output error\n',
      status: 1,
    });
    const { stdout } = await run(checkservers, ['--json'], broken());
    expect(JSON.parse(stdout)).toMatchObject({ down: [], failures: [{ path: 'VIOCCKSERV', errno: 5 }] });
    const { stdout: down } = await run(checkservers, ['--json'], venusWithDown('127.0.0.1'));
    expect(JSON.parse(down)).toEqual({ down: [servers[0]], failures: [] });
  });
});

describe('cfs whereis', () => {
  const replicas = servers.map(({ address }) => ({ address, replicaVolume: 1 }));
  const venus = () =>
    new FakeVenus([
      known,
      on(whereIs, (_, path) => (path === '/r.org/x' ? refuse('ENOENT') : path === '/' ? [] : replicas)),
    ]);

  test('names the servers of each path, an empty line for none', async () => {
    expect(await run(whereis, ['a'], venus())).toEqual({
      stdout: '  server1  server2\n',
      stderr: '',
      status: 0,
    });
    expect(await run(whereis, ['--numeric', 'x', '/coda'], venus())).toEqual({
      stdout: '      x:    /coda:  \n',
      stderr: 'x: No such file or directory\n',
      status: 1,
    });
  });

  test('has names and addresses in --json', async () => {
    const { stdout } = await run(whereis, ['--json', 'a', 'x'], venus());
    expect(JSON.parse(stdout)).toMatchObject({
      objects: [{ path: 'a', servers }],
      failures: [{ path: 'x', errno: 2 }],
    });
  });
});
