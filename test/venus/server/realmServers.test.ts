import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/ipc/errors.ts';
import { type RealmStore, openRealmStore } from '../../../src/venus/server/realmStore.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { REALM } from '../support.ts';

const path = useTemporaryDirectory();
let store: RealmStore;

const settle = async (...names: readonly string[]) =>
  (await store.servers.settle(names.length > 0 ? names : undefined)).map(
    ({ name, address }) => `${name} ${address}`,
  );
const publish = async (name: string, servers: readonly string[]) => {
  const replicas = servers.map((server, index) => ({
    server,
    address: `127.10.0.${index + 1}`,
    volume: 0x01000000 * (index + 1),
  }));
  await store.volumes.publish({ id: await store.volumes.reserve(), name, replicas });
};
const again = async () => {
  await store.close();
  store = await openRealmStore(path(), undefined);
};

beforeEach(async () => {
  store = await openRealmStore(path(), REALM);
});
afterEach(() => store.close());

describe('the servers of a realm', () => {
  it('are one, if none are named', async () => {
    expect(store.servers.list()).toEqual([]);
    expect(await settle()).toEqual(['s1 127.10.0.1']);
  });

  it('are those that are named, with addresses in that order, and are remembered', async () => {
    const all = ['b 127.10.0.1', 'a 127.10.0.2', 'c 127.10.0.3'];
    expect(await settle('b', 'a', 'c')).toEqual(all);
    await again();
    expect(await settle()).toEqual(all);
    expect(await settle('c', 'b', 'a')).toEqual(all);
  });

  it('keep their addresses when others come and go; a new one gets the first that is free', async () => {
    await settle('s1', 's2', 's3');
    expect(await settle('s3', 's1', 's4', 's5')).toEqual([
      's1 127.10.0.1',
      's4 127.10.0.2',
      's3 127.10.0.3',
      's5 127.10.0.4',
    ]);
    await again();
    expect(await settle()).toHaveLength(4);
  });

  it('cannot be left out while they hold volumes: all stay, and what to do is said', async () => {
    await settle('s1', 's2', 's3');
    await publish('/', ['s1', 's3']);
    const error = await settle('s1', 's2').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({
      message: 'server s3 holds volumes and cannot be left out',
      why: 'The realm has them there: /.',
      next: '--servers s1,s2,s3, or no --servers: then those that it has come up.',
    });
    expect(await settle()).toHaveLength(3);
    expect(await settle('s3', 's1')).toEqual(['s1 127.10.0.1', 's3 127.10.0.3']);
  });

  it('are known by the volumes of a realm that was made when there was one server', async () => {
    await publish('/', ['s1']);
    await publish('vol', ['s1']);
    expect(store.servers.list()).toEqual([{ name: 's1', address: '127.10.0.1' }]);
    await expect(settle('s2')).rejects.toThrow(ConfigurationError);
    expect(await settle('s1', 's2')).toEqual(['s1 127.10.0.1', 's2 127.10.0.2']);
  });

  it('have the volumes that the realm has on them', async () => {
    await publish('/', ['s1', 's2']);
    await publish('vol', ['s2']);
    expect(store.servers.volumesOn('s1')).toEqual(['/']);
    expect(store.servers.volumesOn('s2')).toEqual(['/', 'vol']);
    expect(store.servers.volumesOn('s3')).toEqual([]);
  });
});
