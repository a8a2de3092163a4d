import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serverConflictsOf } from '../../../src/venus/client/replicas/serverConflicts.ts';
import { makeMemoryDirectory } from '../../support/memoryDirectory.ts';
import { RepairsHere } from '../../support/repairHere.ts';
import { NEVER, ReplicatedRealm } from '../../support/replicatedRealm.ts';
import { ROOT } from '../server/resolution/model.ts';
import { mkdir, move } from '../server/resolution/table.ts';
import { CLIENT_NAMES, RealmDriver } from './realmDriver.ts';
import { differencesOfStores } from './storesCompared.ts';

let realm: ReplicatedRealm;
let directory = '';
beforeEach(async () => {
  directory = makeMemoryDirectory();
  realm = await ReplicatedRealm.open(directory, 3, CLIENT_NAMES, NEVER);
});
afterEach(async () => {
  await realm.close();
  rmSync(directory, { recursive: true });
});

const ALL = [0, 1, 2];

describe('two directories, each of which a side has moved below the other', () => {
  it.each([
    { server: 's1', cycle: ['b'], a: [], b: ['a'] },
    { server: 's2', cycle: ['a'], a: ['b'], b: [] },
  ])('are as $server has them when its version is kept', async ({ server, cycle, a, b }) => {
    const driver = await RealmDriver.make(realm, 'v');
    for (const operation of [mkdir(ROOT, 'cycle', 'C'), mkdir('C', 'a', 'A'), mkdir('C', 'b', 'B')])
      await driver.perform(operation, ALL, ALL, 0);
    for (const each of realm.clients) await each.names(`/test.realm/v/cycle`);
    await driver.part([0, 1, 1], [0, 1]);
    await driver.perform(move('C', 'a', 'B', 'a', 'A'), [0], [0], 0);
    await driver.perform(move('C', 'b', 'A', 'b', 'B'), [1, 2], [1, 2], 1);
    await driver.heal();
    const found = (await driver.merge(ALL)).map(({ object }) => object);
    expect(found.sort()).toEqual(['A', 'B', 'C']);
    const laptop = realm.client('laptop');
    for (let left = found.length; left > 0; left--) {
      const { conflicts } = await serverConflictsOf(laptop.session(), driver.volume);
      const [first] = [...conflicts].sort((one, other) => one.path.length - other.path.length);
      if (first) await new RepairsHere(laptop, directory).repair(first.path, { kind: 'server', server });
    }
    expect(await driver.merge(ALL)).toEqual([]);
    const looks = await Promise.all(ALL.map((site) => driver.look(site)));
    expect(differencesOfStores(looks, () => true, true)).toEqual([]);
    const { entries } = await driver.tree(0);
    const namesIn = (id: string) => [...(entries.get(id)?.keys() ?? [])];
    expect([namesIn('C'), namesIn('A'), namesIn('B')]).toEqual([cycle, a, b]);
  });
});
