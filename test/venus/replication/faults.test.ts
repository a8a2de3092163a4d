import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeMemoryDirectory } from '../../support/memoryDirectory.ts';
import { type Fate, type Message, NEVER, ReplicatedRealm } from '../../support/replicatedRealm.ts';
import { type Operation, ROOT, type Tree } from '../server/resolution/model.ts';
import { before, change, link, make, mkdir, move, remove, rmdir } from '../server/resolution/table.ts';
import { CLIENT_NAMES, RealmDriver } from './realmDriver.ts';
import { points, restartServers } from './faultPoints.ts';
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
/** What the laptop does with s1 while the desk works with s2 and s3: all kinds of steps follow, and a conflict. */
const left: readonly Operation[] = [
  make('D', 'x', 'X'),
  change('X', 'w1'),
  mkdir('E', 'new', 'N'),
  make('N', 'inside', 'I'),
  move('D', 'f', 'E', 'x', 'F'),
  remove('D', 'g2', 'G'),
  make('S', 'c', 'C1'),
];
const right: readonly Operation[] = [
  change('F', 'w3'),
  make('E', 'y', 'Y'),
  { op: 'symlink', directory: 'D', name: 'l', object: 'L' },
  rmdir('E', 'sub', 'T'),
  change('E', 'w5'),
  remove('E', 'h', 'H'),
  link('D', 'g3', 'G'),
  make('S', 'c', 'C2'),
  make(ROOT, 'z', 'Z'),
];

async function diverged(name: string): Promise<RealmDriver> {
  const driver = await RealmDriver.make(realm, name);
  for (const operation of before) await driver.perform(operation, ALL, ALL, 0);
  for (const each of realm.clients) await each.names(`/test.realm/${name}`);
  await driver.part([0, 1, 1], [0, 1]);
  for (const operation of left) await driver.perform(operation, [0], [0], 0);
  for (const operation of right) await driver.perform(operation, [1, 2], [1, 2], 1);
  await driver.heal();
  return driver;
}

/** Has s1 resolve, and gives each message between servers the fate that is said, by its number. */
async function resolve(driver: RealmDriver, fateOf: (message: Message, number: number) => Fate) {
  const messages: Message[] = [];
  realm.fateOf = (message) => {
    if (!message.from.startsWith('s')) return 'pass';
    messages.push(message);
    return fateOf(message, messages.length - 1);
  };
  const { volume } = driver;
  const outcome = await realm
    .server('s1')
    .resolveVolume({ volume })
    .then(
      () => 'done',
      (error: unknown) => String(error),
    );
  realm.fateOf = () => 'pass';
  return { messages, outcome };
}

interface Ended {
  readonly trees: readonly unknown[];
  readonly conflicts: readonly string[];
}

const plain = ({ objects, entries }: Tree) => ({
  objects: [...objects]
    .map(([id, { type, writes }]) => `${id} ${type} ${[...writes].sort().join(' ')}`)
    .sort(),
  entries: [...entries]
    .map(
      ([id, names]) =>
        `${id}: ${[...names]
          .map(([name, each]) => `${name}=${each}`)
          .sort()
          .join(' ')}`,
    )
    .sort(),
});

async function endOf(driver: RealmDriver): Promise<Ended> {
  const conflicts = (await driver.merge(ALL)).map(({ object }) => object).sort();
  const looks = await Promise.all(ALL.map((site) => driver.look(site)));
  const isClear = new Set(conflicts);
  // What differs is in the directory that is in conflict.
  const below = new Set([...conflicts, 'C1', 'C2']);
  expect(differencesOfStores(looks, (fid) => !below.has(driver.idOf(fid)), false)).toEqual([]);
  expect([...isClear]).toEqual(['S']);
  const trees = await Promise.all(ALL.map(async (site) => plain(await driver.tree(site))));
  return { trees, conflicts };
}

describe('a resolution that ends between any two of its messages', () => {
  it('leaves no object torn, and the next one comes to the same end', async () => {
    const undisturbed = await diverged('undisturbed');
    const { messages, outcome } = await resolve(undisturbed, () => 'pass');
    expect(outcome).toBe('done');
    const end = await endOf(undisturbed);
    const disturbed: { readonly what: string; readonly driver: RealmDriver }[] = [];
    for (const point of points(messages)) {
      const { to: dead = '', name = '' } = messages[point] ?? {};
      const faults: readonly (readonly [string, (message: Message, number: number) => Fate])[] = [
        [
          `${dead} dies before ${name}`,
          ({ to }, number) => (number >= point && to === dead ? 'lose request' : 'pass'),
        ],
        [
          `${dead} dies after ${name}`,
          ({ to }, number) =>
            to !== dead || number < point ? 'pass' : number === point ? 'lose answer' : 'lose request',
        ],
        [
          `s1 dies after ${name} to ${dead}`,
          (_, number) => (number < point ? 'pass' : number === point ? 'lose answer' : 'lose request'),
        ],
      ];
      for (const [what, fateOf] of faults) {
        const driver = await diverged(`v${disturbed.length}`);
        await resolve(driver, fateOf);
        // Throws where an object is neither as it was nor as it is to be.
        for (const site of ALL) await driver.tree(site);
        disturbed.push({ what: `${what} (message ${point})`, driver });
      }
    }
    await restartServers(realm);
    for (const { what, driver } of disturbed) expect(await endOf(driver), what).toEqual(end);
    process.stderr.write(`${disturbed.length} faults in ${messages.length} messages\n`);
  }, 300_000);
});
