import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewEntry } from '../../../../src/ipc/hoard.ts';
import { objectPriority, recencyPriority } from '../../../../src/hoard/priority.ts';
import type { CachedObject } from '../../../../src/venus/client/cache/inventory.ts';
import { ReplacementOrder } from '../../../../src/venus/client/cache/replacementOrder.ts';
import { TestClient } from '../../../support/testClient.ts';
import { OPERATOR, REALM, ROOT, TestRealm, outcome, raise } from '../../support.ts';

const TOP = `/${REALM}`;
const FILES = 12;
const DIRECTORIES = 3;
const LENGTH = 100;
const nameOf = (file: number) => `d${file % DIRECTORIES}/f${file}`;

type Step =
  | { readonly step: 'read' | 'write'; readonly file: number }
  | { readonly step: 'hoard'; readonly file: number; readonly priority: number }
  | { readonly step: 'unhoard'; readonly file: number }
  | { readonly step: 'walk' };

const anyFile = fc.nat(FILES - 1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ step: fc.constant('read'), file: anyFile }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('write'), file: anyFile }) },
  {
    weight: 4,
    arbitrary: fc.record({
      step: fc.constant('hoard'),
      file: anyFile,
      priority: fc.constantFrom(1, 100, 400, 700, 1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('unhoard'), file: anyFile }) },
  { weight: 2, arbitrary: fc.constant({ step: 'walk' } as const) },
);

const entry = (file: number, priority: number): NewEntry => ({
  volume: ROOT,
  realm: REALM,
  name: `./${nameOf(file)}`,
  priority,
  expansion: 'none',
  exclude: [],
});

/** Says of each thing that is thrown out whether another one should have gone instead. */
function watch({ manager }: TestClient): string[] {
  const { cache, logs } = manager.tree;
  const { inventory, replacement } = cache;
  const wrong: string[] = [];
  // Several may go together; then each is told of before the first has gone.
  const going = new Set<CachedObject>();
  const original = manager.events.report.bind(manager.events);
  const isFixed = (fid: { volume: number; vnode: number; unique: number }) =>
    logs.isDirty(fid) || replacement.isOpen(fid);
  const checkContents = (path: string) => {
    const goes = [...inventory.all()].find((object) => manager.knownPathOf(object.fid) === path);
    if (!goes) return;
    going.add(goes);
    queueMicrotask(() => going.clear());
    if (isFixed(goes.fid)) wrong.push(`${path} was not to go`);
    for (const other of inventory.all()) {
      if (going.has(other) || other.contents === undefined) continue;
      if (isFixed(other.fid) || inventory.isInUse(other)) continue;
      if (inventory.priorityOf(other) < inventory.priorityOf(goes))
        wrong.push(`${path} went before ${manager.knownPathOf(other.fid)}`);
    }
  };
  manager.events.report = (event) => {
    if (event.kind === 'evicted') checkContents(event.path);
    original(event);
  };
  return wrong;
}

describe('a small cache', () => {
  let directory = '';
  let opened: TestRealm | undefined;
  const realm = () => opened ?? raise('no realm');
  let runs = 0;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'coda-replacement-'));
    opened = await TestRealm.open(directory);
    for (let at = 0; at < DIRECTORIES; at++) await realm().files().mkdir(`${TOP}/d${at}`, 0o755);
    for (let file = 0; file < FILES; file++)
      await realm().write(`${TOP}/${nameOf(file)}`, 'x'.repeat(LENGTH));
  });
  afterAll(async () => {
    await opened?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function perform(client: TestClient, step: Step): Promise<string> {
    const { hoard } = client.manager;
    switch (step.step) {
      case 'read':
        return outcome(client.read(`${TOP}/${nameOf(step.file)}`));
      case 'write':
        return outcome(client.write(`${TOP}/${nameOf(step.file)}`, 'y'.repeat(LENGTH)));
      case 'hoard':
        return outcome(hoard.entries.add(OPERATOR, [entry(step.file, step.priority)]));
      case 'unhoard':
        return outcome(hoard.entries.remove(OPERATOR, entry(step.file, 1)));
      case 'walk':
        await hoard.settled();
        return (await hoard.walk({})).result;
    }
  }

  it('throws out what has the lowest priority, never what is unsent, and stays within its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 10, maxLength: 30 }),
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 8, max: 16 }),
        async (steps, files, objects) => {
          const capacity = files * LENGTH;
          const client = await TestClient.open(realm(), `small${++runs}`, capacity, objects);
          try {
            await client.writeDisconnect();
            const wrong = watch(client);
            for (const step of steps) {
              expect(['done', 'no room', 'ENOSPC', 'ENOENT']).toContain(await perform(client, step));
              const { inventory } = client.manager.tree.cache;
              expect(client.manager.files.room().used).toBeLessThanOrEqual(capacity);
              expect(inventory.size).toBeLessThanOrEqual(objects);
              for (const { mutation } of client.records())
                if (mutation.op === 'store') expect(inventory.find(mutation.fid)?.contents).toBe(LENGTH);
            }
            expect(wrong).toEqual([]);
          } finally {
            await client.close();
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('an order of replacement', () => {
  const anyUse = fc.record({ item: fc.nat(9), priority: fc.constantFrom(undefined, 0, 1, 500, 1000) });

  it('gives the items by their priorities, whatever was used and hoarded meanwhile', () => {
    fc.assert(
      fc.property(fc.array(anyUse, { maxLength: 60 }), (uses) => {
        const items = Array.from({ length: 10 }, () => ({ hoardPriority: 0, lastUse: 0 }));
        let now = 0;
        const spread = (lastUse: number) => (lastUse === 0 ? undefined : now - lastUse);
        const priorityOf = ({ hoardPriority, lastUse }: (typeof items)[number]) =>
          objectPriority(hoardPriority, recencyPriority(spread(lastUse)));
        const order = new ReplacementOrder(priorityOf);
        for (const item of items) order.put(item);
        for (const { item: at, priority } of uses) {
          const item = items[at] ?? raise('no item');
          now += 1 + at * 50;
          if (priority === undefined) item.lastUse = now;
          else {
            item.hoardPriority = priority;
            order.put(item);
          }
        }
        const taken: number[] = [];
        for (let item = order.takeLowest(); item; item = order.takeLowest()) taken.push(priorityOf(item));
        expect(taken).toEqual(items.map(priorityOf).sort((one, other) => one - other));
      }),
    );
  });
});
