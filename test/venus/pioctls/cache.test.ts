import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { type Pioctls, ROOT as CODA_ROOT, call } from '../../../src/ipc/call.ts';
import { addMountPoint } from '../../../src/ipc/calls/addMountPoint.ts';
import { checkVolumes } from '../../../src/ipc/calls/checkVolumes.ts';
import { flushCache } from '../../../src/ipc/calls/flushCache.ts';
import { flushObject } from '../../../src/ipc/calls/flushObject.ts';
import { flushVolume } from '../../../src/ipc/calls/flushVolume.ts';
import { type CacheListing, listCache, listCacheOfVolume } from '../../../src/ipc/calls/listCache.ts';
import { lookaside } from '../../../src/ipc/calls/lookaside.ts';
import { NO_SERVER, redirect } from '../../../src/ipc/calls/redirect.ts';
import { setVersionVector } from '../../../src/ipc/calls/setVersionVector.ts';
import type { UserSession } from '../../../src/venus/client/userSession.ts';
import { pioctlHandlers } from '../../../src/venus/pioctls/table.ts';
import { ReplicatedRealm } from '../../support/replicatedRealm.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { REALM, type TestRealm, outcome, raise, useRealm } from '../support.ts';

const realm = useRealm();
const directory = useTemporaryDirectory();
const TOP = `/${REALM}`;
const ALL: CacheListing = { long: false, valid: true, invalid: true };

/** The pioctls of a client, without a socket. */
function pioctlsOf(session: UserSession): Pioctls {
  const context = { session, speakFor: () => undefined, limitTime: () => undefined };
  return {
    pioctl: (request) =>
      (pioctlHandlers.get(request.opcode) ?? raise(`nobody serves ${request.opcode}`)).run(context, request),
  };
}

const venus = () => pioctlsOf(realm().session());

/** What listcache says of a path, or of everything. */
async function listed(listing: CacheListing = ALL, path?: string): Promise<string> {
  const name = await (path === undefined
    ? call(venus(), listCache, CODA_ROOT, listing)
    : call(venus(), listCacheOfVolume, path, listing));
  try {
    return readFileSync(name, 'utf8');
  } finally {
    rmSync(name);
  }
}

const isolate = (isCut: boolean) => realm().client.isolate(isCut);

/** A file that is on the servers, in a volume and in a directory. */
async function prepare(): Promise<TestRealm> {
  const it = realm();
  await it.mountVolume('vol');
  await it.files().mkdir(`${TOP}/vol/d`, 0o755);
  await it.write(`${TOP}/vol/d/f`, 'contents');
  await it.client.reintegrator.kick((await it.session().client.locateByName('vol'))?.id ?? 0);
  return it;
}

describe('flushing', () => {
  it('drops an object with all below it, and servers still have it', async () => {
    const { client } = await prepare();
    await call(venus(), flushObject, `${TOP}/vol/d`);
    expect(await listed()).toBe(`/coda${TOP}: 7f000000\n  \n  /vol\n\n/coda${TOP}/vol: 7f000001\n  \n\n`);
    await isolate(true);
    expect(await outcome(realm().read(`${TOP}/vol/d/f`))).toBe('ETIMEDOUT');
    await isolate(false);
    expect(await realm().read(`${TOP}/vol/d/f`)).toBe('contents');
    expect(client.tree.logs.state(0x7f000001).entries).toBe(0);
  });

  it('drops volumes that are mounted below, but not from under what is unsent in them', async () => {
    const { client } = await prepare();
    await isolate(true);
    await realm().write(`${TOP}/vol/d/g`, 'unsent');
    expect(await outcome(call(venus(), flushObject, TOP))).toBe('EMFILE');
    expect(await outcome(call(venus(), flushObject, `${TOP}/vol/d/g`))).toBe('EMFILE');
    await call(venus(), flushVolume, `${TOP}/vol`);
    await call(venus(), flushVolume, TOP);
    await call(venus(), flushCache, CODA_ROOT);
    expect(await realm().read(`${TOP}/vol/d/g`)).toBe('unsent');
    expect(await outcome(realm().read(`${TOP}/vol/d/f`))).toBe('ETIMEDOUT');
    await isolate(false);
    await client.reintegrator.kick(0x7f000001);
    expect(await realm().read(`${TOP}/vol/d/f`)).toBe('contents');
    expect(await realm().read(`${TOP}/vol/d/g`)).toBe('unsent');
  });

  it('leaves contents alone that somebody reads', async () => {
    await prepare();
    const session = realm().session();
    const { fid } = await session.lookup({ volume: 0x7f000001, vnode: 1, unique: 1 }, 'd');
    const file = (await session.lookup(fid, 'f')).fid;
    const opened = await session.openFile(file);
    expect(await outcome(call(venus(), flushObject, `${TOP}/vol/d`))).toBe('EMFILE');
    await opened.file?.close();
    expect(await outcome(call(venus(), flushObject, `${TOP}/vol/d`))).toBe('done');
  });

  it('drops everything where nothing is unsent', async () => {
    await prepare();
    await call(venus(), flushCache, CODA_ROOT);
    expect(await listed()).toBe(`/coda${TOP}: 7f000000\n\n/coda${TOP}/vol: 7f000001\n\n`);
  });
});

describe('the cache as it is listed', () => {
  it('has marks, types and links in the long form', async () => {
    await prepare();
    await realm().files().symlink(`${TOP}/vol/link`, 'd');
    await call(venus(), addMountPoint, TOP, { entry: 'dangling', volume: 'nosuch' });
    await isolate(true);
    await realm().write(`${TOP}/vol/new`, 'unsent');
    await isolate(false);
    const text = await listed({ ...ALL, long: true });
    const blocks = text.split('\n\n').map((block) =>
      block
        .replace(/ {2}1\.[0-9a-f.]+$/gm, '')
        .split('\n')
        .sort(),
    );
    expect(blocks[1]).toEqual(
      [`/coda${TOP}/vol: 7f000001`, '* d/ ', '* f  /new', '* d  /d', '* f  /d/f', '* s  /link'].sort(),
    );
    expect(blocks[0]).toEqual([`/coda${TOP}: 7f000000`, '* d/ ', '* sm /vol', '* sl /dangling'].sort());
  });

  it('is divided into what is valid and what is not', async () => {
    await prepare();
    expect(await listed({ long: false, valid: false, invalid: true }, `${TOP}/vol`)).toBe(
      `/coda${TOP}/vol: 7f000001\n\n`,
    );
    realm().client.tree.cache.validity.breakAll();
    await realm().read(`${TOP}/vol/d/f`);
    const valid = { long: false, valid: true, invalid: false };
    expect(await listed(valid, `${TOP}/vol`)).toMatch(/^\/coda.*\n(.*\n)* {2}\/d\/f\n/);
  });

  it('is that of the root of a volume, and of nothing else', async () => {
    await prepare();
    for (const path of ['/', `${TOP}/vol/d`, `${TOP}/vol/d/f`])
      expect([path, await outcome(call(venus(), listCacheOfVolume, path, ALL))]).toEqual([path, 'EINVAL']);
  });
});

describe('a lookaside', () => {
  it('gives contents only where they have the checksum that the server tells', async () => {
    await prepare();
    const place = directory('place');
    mkdirSync(place);
    writeFileSync(`${place}/wrong`, 'CONTENTS');
    await call(venus(), lookaside, CODA_ROOT, ` +${place}`);
    const readAnew = async () => {
      await call(venus(), flushObject, `${TOP}/vol/d/f`);
      return realm().read(`${TOP}/vol/d/f`);
    };
    expect(await readAnew()).toBe('contents');
    writeFileSync(`${place}/wrong`, 'contents');
    expect(await readAnew()).toBe('contents');
    expect(realm().client.lookaside.places).toMatchObject([{ attempts: 2, hits: 1 }]);
  });
});

describe('checkvolumes', () => {
  it('has the realm asked anew, and keeps what was known for times without it', async () => {
    const { client, network } = await prepare();
    const id = 0x7f000001;
    await call(venus(), checkVolumes, CODA_ROOT);
    expect((await client.locate(id)).name).toBe('vol');
    await call(venus(), checkVolumes, CODA_ROOT);
    network.cut('venus', 'realm');
    expect((await client.locate(id)).name).toBe('vol');
  });
});

describe('markincon', () => {
  const versionVector = { versions: [1, 0, 0, 0, 0, 0, 0, 0], storeId: { host: 1, unique: 1 }, flags: 1 };

  it('is refused where there is one server, so that nothing could end it', async () => {
    await prepare();
    const marked = call(venus(), setVersionVector, `${TOP}/vol/d/f`, versionVector);
    expect(await outcome(marked)).toBe('EOPNOTSUPP');
    expect(await realm().read(`${TOP}/vol/d/f`)).toBe('contents');
  });

  it('is refused for what is not on the servers yet', async () => {
    const replicated = await ReplicatedRealm.open(directory('replicated'));
    try {
      const laptop = replicated.client('laptop');
      await laptop.write(`${TOP}/new`, 'sent');
      await replicated.partition(['laptop'], ['s1', 's2', 's3']);
      await laptop.write(`${TOP}/new`, 'unsent');
      const marked = call(pioctlsOf(laptop.session()), setVersionVector, `${TOP}/new`, versionVector);
      expect(await outcome(marked)).toBe('EBUSY');
    } finally {
      await replicated.close();
    }
  });
});

describe('a redirection', () => {
  it('has contents fetched from one server of the volume as long as that one has the newest', async () => {
    const replicated = await ReplicatedRealm.open(directory('replicated'));
    try {
      const laptop = replicated.client('laptop');
      const pioctls = pioctlsOf(laptop.session());
      await laptop.write(`${TOP}/file`, 'one');
      expect(await outcome(call(pioctls, redirect, TOP, '10.0.0.9'))).toBe('EINVAL');
      const spies = replicated.servers.map(({ name, server }) => ({
        name,
        spy: vi.spyOn(server, 'openFetch'),
      }));
      const from = async () => {
        for (const { spy } of spies) spy.mockClear();
        await call(pioctls, flushObject, `${TOP}/file`);
        expect(await laptop.read(`${TOP}/file`)).toBe('one');
        return spies.filter(({ spy }) => spy.mock.calls.length > 0).map(({ name }) => name);
      };
      for (const [address, name] of [
        ['127.10.0.3', 's3'],
        ['127.10.0.2', 's2'],
      ] as const) {
        await call(pioctls, redirect, TOP, address);
        expect(await from()).toEqual([name]);
      }
      await call(pioctls, redirect, TOP, NO_SERVER);
      expect(await from()).toEqual(['s1']);
    } finally {
      await replicated.close();
    }
  });
});
