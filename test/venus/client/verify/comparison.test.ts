import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Difference } from '../../../../src/ipc/verify.ts';
import { Comparison } from '../../../../src/venus/client/verify/comparison.ts';
import { HealingRun } from '../../../../src/venus/client/verify/healing.ts';
import { Database } from '../../../../src/venus/store/database.ts';
import { type DirectoryVnode, Vnodes } from '../../../../src/venus/tree/vnodes.ts';
import { ReplicatedRealm } from '../../../support/replicatedRealm.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { REALM, ROOT, rootOf } from '../../support.ts';

/** More than the names and objects of several messages. */
const COUNT = 1200;
const path = useTemporaryDirectory();
let realm: ReplicatedRealm;
beforeEach(async () => {
  realm = await ReplicatedRealm.open(path());
});
afterEach(() => realm.close());

const laptop = () => realm.client('laptop').session();

/** Fills the root directory at each server, which leaves some names out. */
async function fill(missingAt: Readonly<Record<string, readonly number[]>>): Promise<void> {
  for (const { name, directory } of realm.servers) {
    await realm.stop(name);
    const database = await Database.open(join(directory, 'metadata'));
    const vnodes = new Vnodes(database);
    await database.transaction((writer) => {
      let root: DirectoryVnode = vnodes.directory(rootOf(ROOT));
      const { versionVector, owner, fid: parent } = root;
      for (let at = 0; at < COUNT; at++) {
        if (missingAt[name]?.includes(at)) continue;
        const fid = { volume: ROOT, vnode: 1000 + 2 * at, unique: 1000 + at };
        const file = { type: 'file', fid, owner, mode: 0o644, modified: 1, versionVector } as const;
        const vnode = { ...file, linkCount: 1, parent, length: 0 };
        vnodes.putUnchecked(writer, vnode);
        root = vnodes.addEntry(writer, root, `name${at}`, vnode);
      }
      vnodes.putUnchecked(writer, root);
    });
    await database.close();
    await realm.start(name);
  }
  await realm.client('laptop').probe();
}

async function compare(): Promise<{
  readonly comparison: Comparison;
  readonly found: readonly Difference[];
}> {
  const found: Difference[] = [];
  const difference = (each: Difference) => Promise.resolve(void found.push(each));
  const comparison = new Comparison(laptop(), { cross: false, listener: { difference } });
  await comparison.run(`/${REALM}`);
  return { comparison, found };
}

it('finds each name that a server lacks in a large directory, wherever it is in a message, and heals it', async () => {
  await fill({ s1: [0, 499, 500], s2: [501, 1199], s3: [] });
  const { comparison, found } = await compare();
  const missing = found.map(({ path: at, kind, lacking }) => `${at} ${kind} ${lacking.join()}`);
  expect(missing.sort()).toEqual(
    ['0 missing s1', '1199 missing s2', '499 missing s1', '500 missing s1', '501 missing s2'].map(
      (each) => `/${REALM}/name${each}`,
    ),
  );
  expect(comparison.sums).toMatchObject({ objects: COUNT + 1, differences: 5, conflicts: 0 });
  const healings: unknown[] = [];
  const report = (healing: unknown) => Promise.resolve(void healings.push(healing));
  await new HealingRun(laptop(), { cross: false, report }).run(`/${REALM}`);
  // Each side lacks something that another one has, and two of them do not agree.
  expect(healings).toMatchObject([{ kind: 'left' }]);
});

it('heals a large directory where two servers agree', async () => {
  await fill({ s2: [0, 501, 1199] });
  await new HealingRun(laptop(), { cross: false, report: () => Promise.resolve() }).run(`/${REALM}`);
  const { comparison, found } = await compare();
  expect(found).toEqual([]);
  expect(comparison.sums).toMatchObject({ objects: COUNT + 1, differences: 0 });
});

it('reads contents from another server where the first has lost them, and fails where all have', async () => {
  const file = `/${REALM}/file`;
  await realm.client('laptop').write(file, 'contents');
  const lose = async (name: string) => {
    const found = realm.servers.find((server) => server.name === name);
    await realm.stop(name);
    const containers = join(found?.directory ?? '', 'containers', '0000');
    for (const container of readdirSync(containers)) truncateSync(join(containers, container), 3);
    await realm.start(name);
  };
  await lose('s1');
  await lose('s2');
  expect(await realm.client('desk').read(file)).toBe('contents');
  await lose('s3');
  const late = await realm.openClient('late');
  await expect(late.read(file)).rejects.toThrow('Input/output error');
});
