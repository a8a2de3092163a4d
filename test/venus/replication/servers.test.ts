import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isErrno } from '../../../src/ipc/errors.ts';
import { type Fate, ReplicatedRealm } from '../../support/replicatedRealm.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { OPERATOR, REALM, ROOT, rootOf, until } from '../support.ts';
import { seen } from './seenVolume.ts';
import { differencesOfStores } from './storesCompared.ts';

const path = useTemporaryDirectory();
let realm: ReplicatedRealm;
beforeEach(async () => {
  realm = await ReplicatedRealm.open(path());
});
afterEach(() => realm.close());

const file = `/${REALM}/file`;
/** Milliseconds, on a busy machine, after which a lock is over whose holder is silent. */
const LEASE_HAS_ENDED = 40_000;
const resolve = () => realm.server('s1').resolveVolume({ volume: ROOT });
const credentials = () => {
  const token = realm.client('laptop').manager.tokens.get(OPERATOR, REALM);
  return token ? { secret: token.secret } : {};
};

async function differing(): Promise<readonly string[]> {
  const looks = await Promise.all(realm.servers.map(({ server }) => seen(server, ROOT)));
  return differencesOfStores(looks, () => true, true);
}

describe('servers of a volume', () => {
  it('count an update once whose second phase one of them has missed', async () => {
    const laptop = realm.client('laptop');
    realm.fateOf = ({ to, name }) => (name === 'concludeUpdates' && to === 's2' ? 'lose request' : 'pass');
    await laptop.write(file, 'one');
    await laptop.settled(ROOT);
    realm.fateOf = () => 'pass';
    expect(await differing()).not.toEqual([]);
    await resolve();
    expect(await differing()).toEqual([]);
    const { versionVector } = await realm
      .server('s2')
      .getStatus({ credentials: credentials(), fid: rootOf(ROOT) });
    expect(versionVector.versions.slice(0, 3)).toEqual([2, 2, 2]);
  });

  it('take a log whose contents another one was sent, that has gone before it could perform it', async () => {
    const laptop = realm.client('laptop');
    await realm.partition(['s1', 'laptop']);
    realm.fateOf = ({ name }) => (name === 'reintegrate' ? 'lose request' : 'pass');
    const written = laptop.write(file, 'contents');
    await until(() => !realm.client('laptop').manager.realm.servers[0]?.isUp);
    realm.fateOf = () => 'pass';
    await realm.partition(['s2', 's3', 'laptop', 'desk']);
    const { reintegrator, tree } = laptop.manager;
    await until(async () => {
      await reintegrator.force(ROOT);
      return tree.logs.state(ROOT).entries === 0;
    });
    await written;
    expect(await realm.client('desk').read(file)).toBe('contents');
  });

  it('that lag do not make a conflict of what the others would take', async () => {
    const laptop = realm.client('laptop');
    await realm.partition(['s2', 's3', 'laptop']);
    await laptop.files().mkdir(`/${REALM}/d`, 0o755);
    await laptop.settled(ROOT);
    const { fid } = await laptop.session().lookup(rootOf(ROOT), 'd');
    realm.fateOf = ({ from, to }) => (from.startsWith('s') && to.startsWith('s') ? 'lose request' : 'pass');
    await realm.heal();
    const group = await laptop.manager.serverOf(ROOT);
    const storeId = { host: 77, unique: 1 };
    const mutation = { op: 'chmod', fid, mode: 0o700 } as const;
    const record = { storeId, time: 0, mutation, base: undefined, handle: undefined };
    const asked = { credentials: credentials(), volume: ROOT, records: [record] };
    expect(await realm.server('s1').certifyLog(asked)).toHaveLength(1);
    expect(await group.call('certifyLog', asked)).toEqual([]);
  });

  it('do not count again what is sent again after a resolution', async () => {
    const laptop = realm.client('laptop');
    await laptop.write(file, 'one');
    await realm.partition(['s1', 's2', 'laptop', 'desk']);
    realm.fateOf = ({ name }) => (name === 'reintegrate' ? 'lose answer' : 'pass');
    const written = laptop.write(file, 'two').catch(() => undefined);
    await laptop.probe();
    await resolve();
    realm.fateOf = () => 'pass';
    await laptop.probe();
    await laptop.manager.reintegrator.force(ROOT);
    await written;
    await laptop.settled(ROOT);
    await realm.heal();
    await resolve();
    expect(await differing()).toEqual([]);
    expect(await realm.client('desk').read(file)).toBe('two');
  });

  it('agree on the quota and messages that were set while one was away', async () => {
    await realm.partition(['s1', 's2', 'laptop', 'desk']);
    const group = await realm.client('laptop').manager.serverOf(ROOT);
    await group.call('setVolumeStatus', {
      credentials: credentials(),
      volume: ROOT,
      maxQuota: 5000,
      messageOfTheDay: 'moved',
    });
    await realm.heal();
    await resolve();
    for (const { server } of realm.servers) {
      const { status, messageOfTheDay } = await server.describeVolume({ volume: ROOT });
      expect([status.maxQuota, messageOfTheDay]).toEqual([5000, 'moved']);
    }
  });

  it('let updates wait while they resolve, and not fail', async () => {
    const { forPeers } = realm.server('s2');
    await forPeers.lockVolume({ volume: ROOT, holder: 'somebody' });
    let isDone = false;
    const written = realm
      .client('laptop')
      .write(file, 'one')
      .then(() => (isDone = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isDone).toBe(false);
    await forPeers.unlockVolume({ volume: ROOT, holder: 'somebody' });
    await written;
    expect(await realm.client('desk').read(file)).toBe('one');
  });

  it('take one in that comes back while the others resolve', async () => {
    const laptop = realm.client('laptop');
    await realm.separate(['s1', 'laptop', 'desk']);
    await laptop.write(file, 'one');
    await realm.separate(['s1', 's2', 'laptop', 'desk']);
    let isBack = false;
    realm.fateOf = async ({ name }): Promise<Fate> => {
      if (name === 'applyResolution' && !isBack) {
        isBack = true;
        await realm.heal();
      }
      return 'pass';
    };
    await resolve();
    await resolve();
    expect(isBack).toBe(true);
    expect(await differing()).toEqual([]);
  });

  it('take more than fits into one message', async () => {
    const laptop = realm.client('laptop');
    await realm.separate(['s1', 's2', 'laptop', 'desk']);
    await Promise.all(
      Array.from({ length: 600 }, (_, at) => laptop.files().mkdir(`/${REALM}/d${at}`, 0o755)),
    );
    const sent: string[] = [];
    realm.fateOf = ({ name }) => {
      if (name.endsWith('Resolution')) sent.push(name);
      return Promise.resolve('pass');
    };
    await realm.heal();
    await resolve();
    expect(sent).toContain('stageResolution');
    expect(await differing()).toEqual([]);
  }, 60_000);

  it('of which one dies while it resolves, are brought together by another one when its lock has run out', async () => {
    const laptop = realm.client('laptop');
    await realm.separate(['s1', 'laptop', 'desk']);
    await laptop.write(file, 'one');
    await realm.separate(['s1', 's2', 's3', 'laptop', 'desk']);
    let isDead = false;
    realm.fateOf = ({ from, to, name }): Fate => {
      if (from === 's1' && name === 'applyResolution') isDead = true;
      return isDead && (from === 's1' || to === 's1') ? 'lose request' : 'pass';
    };
    await expect(resolve()).rejects.toThrow();
    expect(isDead).toBe(true);
    const { forPeers } = realm.server('s2');
    const another = { volume: ROOT, holder: 'another one' };
    await expect(forPeers.lockVolume(another)).rejects.toThrow(/try again|temporarily/i);
    await realm.stop('s1');
    // What it has left locked is free when nothing has been heard of it for a while, and not before.
    await until(async () => {
      try {
        await realm.server('s3').resolveVolume({ volume: ROOT });
        return true;
      } catch (error) {
        if (!isErrno(error, 'EAGAIN')) throw error;
        return false;
      }
    }, LEASE_HAS_ENDED);
    realm.fateOf = () => 'pass';
    await realm.start('s1');
    await laptop.probe();
    await realm.server('s2').resolveVolume({ volume: ROOT });
    expect(await differing()).toEqual([]);
    expect(await realm.client('desk').read(file)).toBe('one');
  }, 60_000);

  it('of which one has lost all while another was away, have what any of them had when both are back', async () => {
    const [laptop, desk] = [realm.client('laptop'), realm.client('desk')];
    await laptop.write(`/${REALM}/everywhere`, 'everywhere');
    await laptop.settled(ROOT);
    await realm.partition(['s1', 's2', 'laptop'], ['s3', 'desk']);
    await laptop.write(`/${REALM}/two`, 'at two of them');
    await laptop.settled(ROOT);
    await desk.write(`/${REALM}/one`, 'at one of them');
    await desk.settled(ROOT);
    await realm.stop('s2');
    realm.empty('s2');
    await realm.start('s2');
    await resolve();
    const names = async (server: string) =>
      [...((await seen(realm.server(server), ROOT)).entries.values().next().value?.keys() ?? [])].sort();
    expect(await names('s2')).toEqual(['everywhere', 'two']);
    await laptop.write(`/${REALM}/later`, 'later');
    await laptop.settled(ROOT);
    await realm.heal();
    await resolve();
    expect(await differing()).toEqual([]);
    expect(await names('s2')).toEqual(['everywhere', 'later', 'one', 'two']);
    expect(await laptop.read(`/${REALM}/one`)).toBe('at one of them');
    expect(await desk.read(`/${REALM}/two`)).toBe('at two of them');
  });

  it('of which one has lost all while another was away get it back from that one, too', async () => {
    const laptop = realm.client('laptop');
    await laptop.write(file, 'everywhere');
    await laptop.settled(ROOT);
    await realm.partition(['s2', 's3', 'laptop']);
    await laptop.write(file, 'newer');
    await laptop.settled(ROOT);
    // Only the one that has missed the update reaches the one that has lost all.
    for (const name of ['s2', 's3']) await realm.stop(name);
    realm.empty('s2');
    await realm.partition(['s1', 's2', 'laptop', 'desk']);
    await realm.start('s2');
    await resolve();
    expect(await realm.client('desk').read(file)).toBe('everywhere');
    await realm.start('s3');
    await realm.heal();
    await resolve();
    expect(await differing()).toEqual([]);
    expect(await realm.client('desk').read(file)).toBe('newer');
  });

  it('give fids that no other one gives', async () => {
    const given = await Promise.all(
      realm.servers.map(({ server }) => server.reserveFids({ volume: ROOT, count: 1000 })),
    );
    const all = given.flatMap(({ file: first, directory, count }) =>
      Array.from({ length: count }, (_, at) => [first + 2 * at, directory + 2 * at]).flat(),
    );
    expect(new Set(all).size).toBe(all.length);
  });
});
