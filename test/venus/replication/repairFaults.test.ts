import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeMemoryDirectory } from '../../support/memoryDirectory.ts';
import { RepairsHere } from '../../support/repairHere.ts';
import { NEVER, ReplicatedRealm } from '../../support/replicatedRealm.ts';
import { type Operation, namesOf } from '../server/resolution/model.ts';
import { before, change, make, move, remove } from '../server/resolution/table.ts';
import { faultsAt, points, restartServers, underFault } from './faultPoints.ts';
import { CLIENT_NAMES, RealmDriver } from './realmDriver.ts';
import { differencesOfStores } from './storesCompared.ts';

/** One fault of so many is tried; 1 for all of them, which takes minutes. */
const STRIDE = Number(process.env['CODA_REPAIR_FAULT_STRIDE'] ?? 11);

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
/** What the laptop does with s1 while the desk works with s2 and s3: conflicts of each kind follow. */
const left: readonly Operation[] = [
  make('D', 'x', 'X1'),
  change('F', 'w1'),
  move('E', 'h', 'D', 'h', 'H'),
  remove('D', 'g', 'G'),
  remove('D', 'g2', 'G'),
];
const right: readonly Operation[] = [
  make('D', 'x', 'X2'),
  change('F', 'w3'),
  move('E', 'h', 'E', 'moved', 'H'),
  change('G', 'w5'),
];
/** What takes part in a repair and changes something; what only looks changes nothing when it fails. */
const CHANGING = new Set([
  'openStore',
  'storeFragment',
  'finishStore',
  'repairReplica',
  'concludeUpdates',
  'resolveVolume',
  'lockVolume',
  'applyResolution',
  'unlockVolume',
]);

async function inConflict(name: string): Promise<RealmDriver> {
  const driver = await RealmDriver.make(realm, name);
  for (const operation of before) await driver.perform(operation, ALL, ALL, 0);
  for (const each of realm.clients) await each.names(`/test.realm/${name}`);
  await driver.part([0, 1, 1], [0, 1]);
  for (const operation of left) await driver.perform(operation, [0], [0], 0);
  for (const operation of right) await driver.perform(operation, [1, 2], [1, 2], 1);
  await driver.heal();
  expect((await driver.merge(ALL)).map(({ object }) => object).sort()).toEqual(['D', 'E', 'F']);
  return driver;
}

const repairAll = (client: string, { volume }: RealmDriver) =>
  new RepairsHere(realm.client(client), directory).repairAll(volume);

/** That nothing is in conflict, all servers are the same to the last counter, and have all that anybody made. */
async function expectRepaired(driver: RealmDriver, what: string): Promise<void> {
  const conflicts = await driver.merge(ALL);
  expect(conflicts, what).toEqual([]);
  const looks = await Promise.all(ALL.map((site) => driver.look(site)));
  expect(
    differencesOfStores(looks, () => true, true),
    what,
  ).toEqual([]);
  for (const site of ALL) {
    // Throws where an object is as nobody has left it.
    const tree = await driver.tree(site);
    for (const id of ['X1', 'X2', 'F', 'G', 'H']) expect(namesOf(tree, id), `${id}: ${what}`).not.toEqual([]);
  }
}

describe('a repair that ends between any two of its messages', () => {
  it('is gone on with by somebody else, and leaves no object torn', async () => {
    const undisturbed = await inConflict('undisturbed');
    const messages = await underFault(
      realm,
      () => 'pass',
      () => repairAll('laptop', undisturbed),
    );
    await expectRepaired(undisturbed, 'undisturbed');
    const faults = points(messages, ({ name }) => CHANGING.has(name))
      .flatMap((point) => faultsAt(messages, point))
      .filter((_, number) => number % STRIDE === 0);
    const disturbed: { readonly what: string; readonly driver: RealmDriver; readonly wasDone: boolean }[] =
      [];
    for (const { what, fateOf } of faults) {
      const driver = await inConflict(`v${disturbed.length}`);
      let wasDone = false;
      await underFault(realm, fateOf, () =>
        repairAll('laptop', driver).then(
          () => void (wasDone = true),
          () => undefined,
        ),
      );
      disturbed.push({ what, driver, wasDone });
      await realm.separate([...realm.servers, ...realm.clients].map(({ name }) => name));
    }
    await restartServers(realm);
    for (const { what, driver } of disturbed) {
      await driver.merge(ALL);
      await repairAll('desk', driver);
      await expectRepaired(driver, what);
    }
    process.stderr.write(
      `${disturbed.length} faults in ${messages.length} messages; ` +
        `${disturbed.filter(({ wasDone }) => wasDone).length} repairs were done all the same\n`,
    );
  }, 300_000);
});
