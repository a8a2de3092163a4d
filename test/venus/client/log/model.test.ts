import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectCache } from '../../../../src/venus/client/cache/objectCache.ts';
import { Database } from '../../../../src/venus/store/database.ts';
import { TestClient } from '../../../support/testClient.ts';
import { anyChange, anyLook, prelude } from '../../../support/treeOperations.ts';
import { findProblems } from '../../server/invariants.ts';
import { ROOT, TestRealm, raise, serverDirectoryOf, until } from '../../support.ts';
import { type Operation, doHere, doInCoda, treeHere, treeInCoda } from '../localTree.ts';

/** What happens to the client between its operations. */
type Incident =
  | { readonly incident: 'cut' | 'heal' | 'restart' | 'force' }
  | { readonly incident: 'lose answers'; readonly count: number }
  | { readonly incident: 'age'; readonly age: number };

const anyIncident: fc.Arbitrary<Incident> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ incident: 'cut' } as const) },
  { weight: 3, arbitrary: fc.constant({ incident: 'heal' } as const) },
  { weight: 2, arbitrary: fc.constant({ incident: 'restart' } as const) },
  { weight: 1, arbitrary: fc.constant({ incident: 'force' } as const) },
  {
    weight: 3,
    arbitrary: fc.record({ incident: fc.constant('lose answers'), count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ incident: fc.constant('age'), age: fc.constantFrom(0, 600) }) },
);

const anyStep = fc.oneof(
  { weight: 12, arbitrary: anyChange },
  { weight: 1, arbitrary: anyLook },
  { weight: 3, arbitrary: anyIncident },
);

describe('a sequence of changes, of cuts, lost answers and restarts', () => {
  let directory = '';
  let [opened, one, two, metadata]: [TestRealm?, TestClient?, TestClient?, Database?] = [];
  const realm = () => opened ?? raise('no realm');
  const client = () => one ?? raise('no client');
  const other = () => two ?? raise('no second client');
  let runs = 0;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'coda-log-model-'));
    opened = await TestRealm.open(directory);
    one = await TestClient.open(realm(), 'one');
    two = await TestClient.open(realm(), 'two');
    metadata = await Database.open(join(serverDirectoryOf(directory), 'metadata'));
  });
  afterAll(async () => {
    await metadata?.close();
    await one?.close();
    await two?.close();
    await opened?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(): Promise<{ readonly here: string; readonly inCoda: string }> {
    const names = [`run${++runs}`, 'p', 'q', 'r'];
    let inCoda = '/test.realm';
    for (const next of names) {
      inCoda += `/${next}`;
      await client().files().mkdir(inCoda, 0o755);
    }
    const here = join(directory, 'local', ...names);
    mkdirSync(here, { recursive: true });
    return { here, inCoda };
  }

  async function happen(step: Incident, inCoda: string): Promise<void> {
    const { reintegrator, settings } = client().manager;
    switch (step.incident) {
      case 'cut':
        // It goes on with what it has, so it should have all.
        await reintegrator.kick(ROOT);
        await treeInCoda(client().files(), inCoda);
        return client().cut();
      case 'heal':
        return client().heal();
      case 'restart':
        return client().restart();
      case 'force':
        return reintegrator.force(ROOT);
      case 'lose answers':
        client().link.loseAnswers(step.count);
        return;
      case 'age':
        return settings.set(ROOT, { age: step.age, timeLimit: step.age === 0 ? 0 : 15_000 });
    }
  }

  async function perform(step: Operation | Incident, here: string, inCoda: string): Promise<void> {
    if ('incident' in step) return happen(step, inCoda);
    const found = await doInCoda(client().files(), inCoda, step);
    const expected = doHere(here, step);
    fc.pre(found !== 'ELOOP' || expected === 'ELOOP');
    expect({ ...step, end: found }).toEqual({ ...step, end: expected });
  }

  async function settle(): Promise<void> {
    client().link.loseAnswers(0);
    await client().manager.settings.set(ROOT, { age: 0, timeLimit: 0 });
    await client().heal();
    await client().drained();
  }

  /** The client keeps the containers that its files name, and no others. */
  async function expectNoWaste(): Promise<void> {
    const at = join(directory, 'clients', 'one');
    const store = await Database.open(at);
    const onDisk = () =>
      readdirSync(join(at, 'containers'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort();
    try {
      const named = [...ObjectCache.containersIn(store)].map((id) => id.toString(16).padStart(8, '0')).sort();
      await until(() => onDisk().length === named.length);
      expect(onDisk()).toEqual(named);
    } finally {
      await store.close();
    }
  }

  it('ends on the server, at the client and at another one as on the file system of this machine', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 50, size: 'max' }), async (steps) => {
        await settle();
        const { here, inCoda } = await start();
        for (const step of [...prelude, ...steps]) await perform(step, here, inCoda);
        const expected = treeHere(here);
        expect(await treeInCoda(client().files(), inCoda)).toEqual(expected);
        await settle();
        expect(await treeInCoda(client().files(), inCoda)).toEqual(expected);
        expect(await treeInCoda(other().files(), inCoda)).toEqual(expected);
        const containers = join(serverDirectoryOf(directory), 'containers');
        expect(findProblems(metadata ?? raise('no metadata'), containers)).toEqual([]);
        await expectNoWaste();
      }),
      { numRuns: 60, seed: 20_261_121 },
    );
  }, 240_000);
});
