import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { Database } from '../../../src/venus/store/database.ts';
import { makeMemoryDirectory } from '../../support/memoryDirectory.ts';
import { NEVER, ReplicatedRealm } from '../../support/replicatedRealm.ts';
import { findProblems } from '../server/invariants.ts';
import { ALL, Historian, NOWHERE, type Setting, anySetting } from '../server/resolution/history.ts';
import { differences, isExplained, lostWrites, wrongNames } from '../server/resolution/judge.ts';
import { type Id, ROOT, type Tree } from '../server/resolution/model.ts';
import { before } from '../server/resolution/table.ts';
import { CLIENT_NAMES, RealmDriver } from './realmDriver.ts';
import { differencesOfStores } from './storesCompared.ts';

const SEED = Number(process.env['CODA_HISTORY_SEED'] ?? 20_261_121);
/** Of a counterexample that is to be run again. */
const PATH = process.env['CODA_HISTORY_PATH'];
const RUNS = Number(process.env['CODA_REAL_HISTORIES'] ?? 200);
/** Histories in one realm: its volumes become many, and each start costs time. */
const PER_REALM = 40;
const SERVERS = 3;

/** Realms one after the other. */
class Realms {
  #realm: { readonly realm: ReplicatedRealm; readonly directory: string } | undefined;
  #histories = 0;

  async driver(): Promise<RealmDriver> {
    if (this.#histories % PER_REALM === 0) await this.end();
    if (!this.#realm) {
      const directory = makeMemoryDirectory();
      this.#realm = { directory, realm: await ReplicatedRealm.open(directory, SERVERS, CLIENT_NAMES, NEVER) };
    }
    this.#histories += 1;
    return RealmDriver.make(this.#realm.realm, `history${this.#histories}`);
  }

  /** @returns what does not hold in the stores of the servers */
  async end(): Promise<readonly string[]> {
    const ended = this.#realm;
    if (!ended) return [];
    this.#realm = undefined;
    const { realm, directory } = ended;
    await realm.close();
    const problems: string[] = [];
    for (const server of realm.servers) {
      const metadata = await Database.open(join(server.directory, 'metadata'));
      problems.push(...findProblems(metadata, join(server.directory, 'containers')));
      await metadata.close();
    }
    rmSync(directory, { recursive: true });
    expect(problems).toEqual([]);
    return problems;
  }
}

const realms = new Realms();
afterEach(async () => {
  await realms.end();
});

/** They begin in parts, since only then something can come of it. */
const anyHistory = anySetting(25, { min: SERVERS, max: SERVERS }, ALL, NOWHERE).map(
  ({ servers, actions }) => {
    const parted = { action: 'part', servers: [0, 1, 1], clients: [0, 1] } as const;
    return { servers, actions: [parted, ...actions] };
  },
);

async function lived({ actions }: Setting): Promise<{ driver: RealmDriver; historian: Historian }> {
  const driver = await realms.driver();
  const historian = new Historian(driver, SERVERS);
  driver.onConflicts = async (sites, objects) => {
    const trees = await Promise.all(sites.map((site) => driver.tree(site)));
    const conflicts = objects.map((object) => ({ object, kind: 'marked' }));
    const needless = objects.filter(
      (each) => !isExplained({ facts: historian.facts, trees, conflicts }, each),
    );
    expect(needless, 'conflicts that did not have to be').toEqual([]);
  };
  await historian.start(before);
  await historian.run(actions);
  return { driver, historian };
}

/** Objects to which no conflict is on the way. */
function innocent(tree: Tree, inConflict: ReadonlySet<Id>): readonly Id[] {
  const found: Id[] = [];
  const walk = (id: Id) => {
    if (inConflict.has(id)) return;
    found.push(id);
    for (const child of tree.entries.get(id)?.values() ?? []) walk(child);
  };
  walk(ROOT);
  return [...new Set(found)];
}

it(`${RUNS} histories on real servers end with equal servers, but for conflicts that had to be, and nothing is lost`, async () => {
  const count = { conflicts: 0, histories: 0, returns: 0, performed: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(anyHistory, async (setting) => {
      const { driver, historian } = await lived(setting);
      const conflicts = await historian.heal();
      expect(historian.complaints).toEqual([]);
      const inConflict = new Set(conflicts.map(({ object }) => object));
      count.histories += 1;
      if (conflicts.length > 0) count.conflicts += 1;
      for (const { performed, refused } of historian.returns) {
        count.returns += 1;
        count.performed += performed;
        count.refused += refused;
      }

      const trees = await Promise.all(driver.sites.map((site) => driver.tree(site)));
      const end = { facts: historian.facts, trees, conflicts };
      expect([...differences(end), ...lostWrites(end), ...wrongNames(end)]).toEqual([]);

      const [tree] = trees;
      if (!tree) throw new Error('there is no server');
      const clear = new Set(innocent(tree, inConflict));
      const looks = await Promise.all(driver.sites.map((site) => driver.look(site)));
      const isClear = (id: Id) => inConflict.size === 0 || clear.has(id);
      expect(differencesOfStores(looks, (fid) => isClear(driver.idOf(fid)), inConflict.size === 0)).toEqual(
        [],
      );
      for (const client of ['laptop', 'desk'])
        for (const id of clear)
          expect(await driver.read(client, tree, id)).toBe(shown(tree, id, looks[0], driver));
    }),
    { numRuns: RUNS, seed: SEED, ...(PATH === undefined ? {} : { path: PATH }) },
  );
  process.stderr.write(
    `${count.histories} histories, ${count.conflicts} with conflicts; clients came back ${count.returns} times, ` +
      `of what they had logged servers took ${count.performed} and refused ${count.refused}\n`,
  );
}, 600_000);

/** What a client sees of an object. */
function shown(
  tree: Tree,
  id: Id,
  look: Awaited<ReturnType<RealmDriver['look']>> | undefined,
  driver: RealmDriver,
): string {
  const names = tree.entries.get(id);
  if (names) return [...names.keys()].sort().join(' ');
  return look?.objects.find(({ fid }) => driver.idOf(fid) === id)?.contents ?? 'not there';
}
