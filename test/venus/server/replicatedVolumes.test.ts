import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RefusedError } from '../../../src/ipc/errors.ts';
import type { FileProtocol } from '../../../src/venus/net/fileProtocol.ts';
import { Network } from '../../../src/venus/net/network.ts';
import { FileServer } from '../../../src/venus/server/fileServer.ts';
import { RealmServer } from '../../../src/venus/server/realmServer.ts';
import { type RealmStore, openRealmStore } from '../../../src/venus/server/realmStore.ts';
import { Database } from '../../../src/venus/store/database.ts';
import { key } from '../../../src/venus/store/keys.ts';
import { Vnodes } from '../../../src/venus/tree/vnodes.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { REALM, outcome, raise, rootOf } from '../support.ts';

const NAMES = ['s1', 's2', 's3'];
const path = useTemporaryDirectory();
const network = new Network();
const now = () => Date.UTC(2026, 10, 21);
let store: RealmStore;
let servers: readonly FileServer[];
let realm: RealmServer;

const create = (name: string, ...on: readonly string[]) =>
  realm.createVolume({ name, owner: undefined, maxQuota: 7, ...(on.length > 0 ? { servers: on } : {}) });
const records = async (volume: number) => {
  const ends = servers.map((server) => outcome(server.describeVolume({ volume })));
  return (await Promise.all(ends)).map((end) => (end === 'done' ? 'has it' : end));
};

async function open(): Promise<void> {
  store = await openRealmStore(path(), REALM);
  const { protection, volumes, tokenKey } = store;
  servers = await Promise.all(
    NAMES.map((name) => {
      mkdirSync(path(name), { recursive: true });
      return FileServer.open({ directory: path(name), protection, tokenKey, now });
    }),
  );
  const nodes = servers.map((server, index) => {
    const name = NAMES[index] ?? '';
    const link = network.connect<FileProtocol>('realm', name, server);
    return { name, address: `127.10.0.${index + 1}`, link };
  });
  realm = new RealmServer({ protection, volumes, tokenKey, servers: nodes, now });
}

async function close(): Promise<void> {
  for (const server of servers) await server.close();
  await store.close();
}

beforeEach(open);
afterEach(async () => {
  network.setCut([]);
  await close();
});

describe('a volume of several servers', () => {
  it('is on all of them, if none are named, with a replica of its own on each', async () => {
    const { id, replicas } = await create('all');
    expect(replicas).toEqual([
      { server: 's1', address: '127.10.0.1', volume: 0x01000000 },
      { server: 's2', address: '127.10.0.2', volume: 0x02000000 },
      { server: 's3', address: '127.10.0.3', volume: 0x03000000 },
    ]);
    expect(await records(id)).toEqual(['has it', 'has it', 'has it']);
  });

  it('has the same root directory on all: of the same version, which all of them made', async () => {
    const { id } = await create('all');
    const found = await Promise.all(
      servers.map((server) => server.getStatus({ credentials: {}, fid: rootOf(id) })),
    );
    expect(new Set(found.map((status) => JSON.stringify(status))).size).toBe(1);
    expect(found[0]).toMatchObject({
      modified: now(),
      versionVector: { versions: [1, 1, 1, 0, 0, 0, 0, 0], storeId: { host: 0x01000000, unique: 1 } },
    });
  });

  it('is on those that are named, in that order, and not on others', async () => {
    const { id, replicas } = await create('two', 's3', 's1');
    expect(replicas.map(({ server, volume }) => [server, volume])).toEqual([
      ['s3', 0x03000000],
      ['s1', 0x01000000],
    ]);
    expect(await records(id)).toEqual(['has it', 'ENXIO', 'has it']);
  });

  it('tells each server its place, and who the others are', async () => {
    const { id } = await create('two', 's3', 's1');
    await close();
    const members = [
      { server: 's3', replica: 0x03000000 },
      { server: 's1', replica: 0x01000000 },
    ];
    for (const [name, site] of [
      ['s3', 0],
      ['s1', 1],
    ] as const) {
      const database = await Database.open(join(path(name), 'metadata'));
      expect(new Vnodes(database).volume(id)).toMatchObject({ site, members });
      await database.close();
    }
    await open();
  });

  it.each([
    ['a server that is not there', ['s1', 's9'], 'unknown-name'],
    ['a server twice', ['s1', 's1'], 'bad-request'],
  ])('is not made for %s', async (_, on, code) => {
    expect(await outcome(create('vol', ...on))).toBe(code);
    expect(await realm.listVolumes()).toEqual([]);
  });
});

describe('a server that cannot be reached', () => {
  it('keeps a volume that is to be on it from being made: nothing of it is anywhere', async () => {
    network.cut('realm', 's2');
    const error = await create('vol').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ code: 'unreachable', message: 'server s2 cannot be reached' });
    expect(await realm.listVolumes()).toEqual([]);
    expect(await records(0x7f000000)).toEqual(['ENXIO', 'ENXIO', 'ENXIO']);
    expect(await outcome(create('vol', 's1', 's3'))).toBe('done');
  });

  it('while a volume is made, has the others take it back', async () => {
    const [first = raise('no server')] = servers;
    const make = first.createVolume;
    const spoiled = Object.assign(first, {
      createVolume: async (request: Parameters<typeof make>[0]) => {
        const done = await make(request);
        network.cut('realm', 's3');
        return done;
      },
    });
    expect(await outcome(create('vol'))).toBe('unreachable');
    Object.assign(spoiled, { createVolume: make });
    network.heal('realm', 's3');
    expect(await records(0x7f000000)).toEqual(['ENXIO', 'ENXIO', 'ENXIO']);
    expect((await create('vol')).id).toBe(0x7f000001);
  });
});

it('of several that make a volume of one name at once, one does, and nothing is left of the others', async () => {
  const ends = await Promise.all([1, 2, 3].map(() => outcome(create('vol'))));
  expect(ends.sort()).toEqual(['done', 'name-taken', 'name-taken']);
  const made = await Promise.all([0, 1, 2].map((index) => records(0x7f000000 + index)));
  expect(made.filter((ofServers) => ofServers.includes('has it'))).toHaveLength(1);
});

it('a volume that was made before there were several servers has neither place nor members', async () => {
  const database = await Database.open(path('old'));
  const old = { id: 1, replica: 2, name: 'old', minQuota: 0, maxQuota: 0, blocksUsed: 3 };
  const more = { nextDirectory: 3, nextFile: 2, nextUnique: 2 };
  const messages = { offlineMessage: new Uint8Array(0), messageOfTheDay: new Uint8Array(0) };
  const table = database.table<object>('volumes');
  await database.transaction((writer) => writer.put(table, key(1), { ...old, ...more, ...messages }));
  expect(new Vnodes(database).volume(1)).toMatchObject({ ...old, site: 0, members: [] });
  await database.close();
});
