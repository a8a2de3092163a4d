import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Servers } from './harness.ts';
import { type Driver, Historian, type Setting, anySetting } from './history.ts';
import { differences, judge, visible } from './judge.ts';
import { type Conflict, type Id, pathOf } from './model.ts';
import { before } from './table.ts';

const SEED = 20_261_121;
// Minutes on a busy machine.
const TIMEOUT = { timeout: 600_000 };
const RUNS = Number(process.env['CODA_HISTORIES'] ?? 1500);

function driverOf(servers: Servers): Driver {
  return {
    perform: (operation, sites, heard) => servers.perform(operation, sites, heard),
    merge: (sites) => servers.merge(sites),
    tree: (site) => servers.server(site),
    isInConflict: (site, object) => servers.isInConflict(site, object),
  };
}

async function lived({ servers: count, actions }: Setting) {
  const servers = Servers.start(count);
  const historian = new Historian(driverOf(servers), count);
  await historian.start(before);
  await historian.run(actions);
  return { servers, facts: historian.facts, all: servers.all.map(({ site }) => site) };
}

const objectsOf = (conflicts: readonly Conflict[]) =>
  [...new Set(conflicts.map(({ object }) => object))].sort();

it(
  'after healing, replicas are equal but for conflicts that had to be, and nothing is lost',
  TIMEOUT,
  async () => {
    await fc.assert(
      fc.asyncProperty(anySetting(25), async (setting) => {
        const { servers, facts, all } = await lived(setting);
        const conflicts = servers.merge(all);
        expect(judge({ facts, trees: servers.all, conflicts })).toEqual([]);
        if (conflicts.length === 0) expect(servers.all.flatMap(({ log }) => log)).toEqual([]);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  },
);

it('merging again changes nothing', TIMEOUT, async () => {
  await fc.assert(
    fc.asyncProperty(anySetting(25), async (setting) => {
      const { servers, all } = await lived(setting);
      const conflicts = servers.merge(all);
      const [first, again] = [snapshot(servers), servers.merge(all)];
      expect(new Set(again)).toEqual(new Set(conflicts));
      expect(snapshot(servers)).toEqual(first);
    }),
    { numRuns: RUNS, seed: SEED + 1 },
  );
});

it('whatever servers merge before, in whichever order, the end is the same', TIMEOUT, async () => {
  const some = fc.array(fc.uniqueArray(fc.nat({ max: 3 }), { minLength: 2, maxLength: 3 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(anySetting(20), some, async (setting, groups) => {
      const { servers, all } = await lived(setting);
      const detour = servers.copy();
      for (const group of groups) {
        const sites = group.filter((site) => site < all.length);
        if (sites.length > 1) detour.merge(sites);
      }
      expectSameEnd(servers, detour, all);
    }),
    { numRuns: RUNS, seed: SEED + 2 },
  );
});

it('servers that die in a merge come to the same end in the next one', TIMEOUT, async () => {
  await fc.assert(
    fc.asyncProperty(
      anySetting(20),
      fc.array(fc.nat({ max: 15 }), { minLength: 1, maxLength: 3 }),
      async (setting, deaths) => {
        const { servers, all } = await lived(setting);
        const detour = servers.copy();
        for (const dead of deaths) {
          const survivors = all.filter((site) => (dead & (1 << site)) === 0);
          detour.merge(all, survivors);
        }
        expectSameEnd(servers, detour, all);
      },
    ),
    { numRuns: RUNS, seed: SEED + 3 },
  );
});

it('equal versions say that objects are equal, and after healing all versions are', TIMEOUT, async () => {
  await fc.assert(
    fc.asyncProperty(anySetting(25), async (setting) => {
      const { servers, all } = await lived(setting);
      expect(falseVersions(servers)).toEqual([]);
      const conflicts = objectsOf(servers.merge(all));
      expect(falseVersions(servers)).toEqual([]);
      const isClear = (id: Id) =>
        servers.all.every((server) =>
          pathOf(server, id).every((each) => !servers.isInConflict(server.site, each)),
        );
      const clear = [...servers.server(0).objects.keys()].filter(
        (id) => isClear(id) && !conflicts.includes(id),
      );
      for (const id of clear)
        expect(
          new Set(servers.all.map(({ objects }) => JSON.stringify(objects.get(id)?.version))).size,
          id,
        ).toBe(1);
    }),
    { numRuns: RUNS, seed: SEED + 4 },
  );
});

/** Objects that differ at two servers and have the same version there; what is in conflict is not asked for its version. */
function falseVersions({ all }: Servers): readonly Id[] {
  const [seen, wrong] = [new Map<string, string>(), new Set<Id>()];
  for (const { objects, entries } of all)
    for (const [id, { version, writes }] of objects) {
      if (version.flags !== 0) continue;
      const text = JSON.stringify([[...writes].sort(), [...(entries.get(id) ?? [])].sort()]);
      const key = JSON.stringify([id, version]);
      if ((seen.get(key) ?? text) !== text) wrong.add(id);
      seen.set(key, text);
    }
  return [...wrong];
}

function expectSameEnd(one: Servers, other: Servers, all: readonly number[]): void {
  const [conflicts, others] = [one.merge(all), other.merge(all)];
  expect(objectsOf(others)).toEqual(objectsOf(conflicts));
  expect(differences({ trees: other.all, conflicts: others })).toEqual([]);
  for (const [site, server] of one.all.entries())
    expect(visible(other.server(site), others)).toEqual(visible(server, conflicts));
}

function snapshot({ all }: Servers) {
  return all.map(({ objects, entries, log }) => ({
    objects: [...objects],
    entries: [...entries].map(([id, names]) => [id, [...names]]),
    log,
  }));
}
