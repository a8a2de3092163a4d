import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeMemoryDirectory } from '../../support/memoryDirectory.ts';
import { NEVER, ReplicatedRealm } from '../../support/replicatedRealm.ts';
import { until } from '../support.ts';
import { faultsAt, points, restartServers, underFault } from './faultPoints.ts';
import { seen } from './seenVolume.ts';
import { differencesOfStores } from './storesCompared.ts';

let realm: ReplicatedRealm;
let directory = '';
beforeEach(async () => {
  directory = makeMemoryDirectory();
  realm = await ReplicatedRealm.open(directory, 3, ['laptop', 'desk'], NEVER);
});
afterEach(async () => {
  await realm.close();
  rmSync(directory, { recursive: true });
});

const OLD = 'what was there before';
const NEW = 'what takes its place';
/** What changes something. */
const CHANGING = new Set(['openStore', 'storeFragment', 'finishStore', 'reintegrate', 'concludeUpdates']);

async function written(name: string): Promise<{ readonly volume: number; readonly path: string }> {
  const volume = await realm.volume(name);
  const path = `/test.realm/${name}/file`;
  const laptop = realm.client('laptop');
  await laptop.write(path, OLD);
  await laptop.settled(volume);
  return { volume, path };
}

/** The contents that each server has. */
async function contentsAt(volume: number): Promise<readonly string[]> {
  const looks = await Promise.all(realm.servers.map(({ server }) => seen(server, volume)));
  return looks.flatMap(({ objects }) =>
    objects.filter(({ type }) => type === 'file').map((file) => file.contents),
  );
}

describe('an update that ends between any two of its messages', () => {
  it('is whole at each server, goes on from the log of its client, and comes to all', async () => {
    const change = async ({ volume, path }: { readonly volume: number; readonly path: string }) => {
      const laptop = realm.client('laptop');
      await laptop.write(path, NEW);
      await laptop.settled(volume);
    };
    const undisturbed = await written('undisturbed');
    const messages = await underFault(
      realm,
      () => 'pass',
      () => change(undisturbed),
    );
    const faults = points(messages, ({ name }) => CHANGING.has(name)).flatMap((point) =>
      faultsAt(messages, point),
    );
    expect(faults.length).toBeGreaterThan(3 * CHANGING.size);
    const disturbed: { readonly what: string; readonly volume: number; readonly path: string }[] = [];
    for (const { what, fateOf } of faults) {
      const at = await written(`v${disturbed.length}`);
      await underFault(realm, fateOf, () => change(at).catch(() => undefined));
      for (const contents of await contentsAt(at.volume)) expect([OLD, NEW], what).toContain(contents);
      disturbed.push({ what, ...at });
      // Who died knows only what was on the disk.
      if (what.startsWith('laptop')) await realm.reopenClient('laptop');
      await realm.separate([...realm.servers, ...realm.clients].map(({ name }) => name));
    }
    await restartServers(realm);
    const laptop = await realm.reopenClient('laptop');
    for (const { what, volume, path } of disturbed) {
      const { logs } = laptop.manager.tree;
      await until(async () => {
        await laptop.manager.reintegrator.force(volume);
        return logs.state(volume).entries === 0;
      });
      await laptop.settled(volume);
      await realm.server('s1').resolveVolume({ volume });
      expect(await contentsAt(volume), what).toEqual([NEW, NEW, NEW]);
      const looks = await Promise.all(realm.servers.map(({ server }) => seen(server, volume)));
      expect(
        differencesOfStores(looks, () => true, true),
        what,
      ).toEqual([]);
      expect(await realm.client('desk').read(path)).toBe(NEW);
    }
    process.stderr.write(`${disturbed.length} faults in ${messages.length} messages\n`);
  }, 120_000);
});
