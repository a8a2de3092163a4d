import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { lengthOf, unitsOf } from '../../../../src/venus/tree/vnodes.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { anyChange, prelude } from '../../../support/treeOperations.ts';
import { ROOT, outcome, textOf, until, useRealm } from '../../support.ts';
import { doInCoda, treeInCoda } from '../localTree.ts';

const TOP = '/test.realm';
const realm = useRealm();
const open = useClients(realm);
let [one, two]: TestClient[] = [];
const first = () => one ?? expect.fail('no client');
const second = () => two ?? expect.fail('no client');

beforeEach(async () => {
  one = await open('one');
  two = await open('two');
});

const last = () => first().records().at(-1)?.sequence ?? 0;
const operations = () =>
  first()
    .records()
    .map(({ mutation }) => mutation.op);
const inConflict = () => until(() => first().manager.tree.logs.hasConflict(ROOT));
const purge = async (sequence?: number) => {
  await until(() => !first().manager.reintegrator.isRunning(ROOT));
  await first().session().purge(ROOT, sequence);
};
/** A tree as the client shows it, files that are not here without their contents. */
const tree = (client = first(), top = TOP) => treeInCoda(client.localVersion(), top);

/**
 * All that a client keeps, whatever is shown of it. How often something was changed, counts for nothing before it is sent,
 * nor does what was made in a directory and removed again, of which no record is left.
 */
function kept(client = first()): unknown {
  const { vnodes } = client.manager.tree.cache;
  return [...vnodes.all()].map((vnode) => ({
    vnode: {
      ...vnode,
      versionVector: vnode.type === 'directory' ? undefined : vnode.versionVector.storeId,
      modified: vnode.type === 'directory' ? undefined : vnode.modified,
    },
    names: vnode.type === 'directory' ? [...vnodes.entries(vnode.fid)] : vnodes.namesOf(vnode),
  }));
}

/** What does not hold of what a client keeps: names without objects that belong to its log, and wrong counts. */
function problems(client = first()): readonly string[] {
  const { vnodes, isComplete } = {
    vnodes: client.manager.tree.cache.vnodes,
    isComplete: client.manager.tree.cache,
  };
  const found: string[] = [];
  for (const vnode of vnodes.all()) {
    if (vnode.type !== 'directory' || !isComplete.isComplete(vnode.fid)) continue;
    const entries = [...vnodes.entries(vnode.fid)];
    const units = entries.reduce((sum, { name }) => sum + unitsOf(name), 0);
    const below = entries.filter(({ entry }) => entry.type === 'directory').length;
    const where = client.manager.tree.pathTo(vnode.fid);
    if (vnode.entryCount !== entries.length) found.push(`${where}: ${vnode.entryCount} of ${entries.length}`);
    if (vnode.nameUnits !== units) found.push(`${where}: ${vnode.nameUnits} units of ${units}`);
    if (vnode.linkCount !== 2 + below) found.push(`${where}: ${vnode.linkCount} links, ${below} directories`);
    for (const { name, entry } of entries) {
      const child = vnodes.find({ ...entry, volume: ROOT });
      if (child && child.parent?.unique !== vnode.fid.unique) found.push(`${where}/${name} is elsewhere`);
    }
  }
  return found;
}

/** Whatever a record brings can be reached from the root, and has the contents that the last record brought. */
async function expectReachable(client = first()): Promise<void> {
  const { vnodes } = client.manager.tree.cache;
  for (const { mutation } of client.records()) {
    const vnode = vnodes.find(mutation.fid);
    if (!vnode) continue;
    const path = client.manager.tree.pathTo(mutation.fid);
    expect(path).not.toContain('???');
    const status = await client.localVersion().lstat(`${TOP}/${path}`);
    expect(status).toMatchObject({ type: vnode.type, length: lengthOf(vnode) });
    const stores = client.manager.tree.logs
      .about(mutation.fid)
      .filter((each) => each.mutation.op === 'store');
    const container = stores.at(-1)?.container;
    if (container === undefined || (vnode.mode & 0o400) === 0) continue;
    const file = await client.manager.containers.open(container);
    const contents = await file?.readFile();
    await file?.close();
    expect(await textOf(client.localVersion().read(`${TOP}/${path}`))).toBe(contents?.toString());
  }
}

describe('a log that is purged while the client is cut off', () => {
  beforeEach(async () => {
    await first().files().mkdir(`${TOP}/d`, 0o755);
    await first().write(`${TOP}/d/f`, 'old f');
    await first().write(`${TOP}/g`, 'old g');
    await first().files().mkdir(`${TOP}/d/empty`, 0o755);
    await tree();
    await first().cut();
  });

  it('leaves what the servers last told of', async () => {
    const before = await tree();
    const files = first().files();
    await files.mkdir(`${TOP}/new`, 0o755);
    await first().write(`${TOP}/new/f`, 'new');
    await files.rename(`${TOP}/d`, `${TOP}/new/d`);
    await files.setattr(`${TOP}/g`, { mode: 0o600, modified: 1000 });
    await files.link(`${TOP}/g`, `${TOP}/h`);
    await files.remove(`${TOP}/new/d/empty`);
    await purge();
    expect(await tree()).toEqual(before);
    expect(problems()).toEqual([]);
    await first().heal();
    expect(await tree()).toEqual(before);
  });

  it('leaves nothing of contents that were stored: those of the servers are fetched again', async () => {
    await first().write(`${TOP}/g`, 'purged');
    await purge();
    expect(await outcome(first().read(`${TOP}/g`))).toBe('ETIMEDOUT');
    expect((await first().files().lstat(`${TOP}/g`)).length).toBe('old g'.length);
    await first().heal();
    expect(await first().read(`${TOP}/g`)).toBe('old g');
  });

  it('up to a record, keeps what the others changed', async () => {
    await first().files().setattr(`${TOP}/g`, { mode: 0o600 });
    await first().files().rename(`${TOP}/g`, `${TOP}/h`);
    await first().write(`${TOP}/purged`, 'purged');
    const sequence = last();
    await first().write(`${TOP}/h`, 'kept');
    await first().write(`${TOP}/kept`, 'also kept');
    await purge(sequence);
    expect(operations()).toEqual(['store', 'create', 'store']);
    expect(await first().names(TOP)).toEqual(['d', 'g', 'kept']);
    expect(await first().read(`${TOP}/g`)).toBe('kept');
    expect((await first().files().lstat(`${TOP}/g`)).mode).toBe(0o644);
    await first().heal();
    await first().drained();
    expect(await second().read(`${TOP}/g`)).toBe('kept');
    expect(await tree(second())).toEqual(await tree());
  });

  it('up to a record, keeps the way to what the others made, in what nobody makes any more', async () => {
    const files = first().files();
    await files.mkdir(`${TOP}/a`, 0o755);
    await files.mkdir(`${TOP}/a/b`, 0o755);
    await first().write(`${TOP}/a/purged`, 'purged');
    await files.rename(`${TOP}/a`, `${TOP}/moved`);
    const sequence = last();
    await first().write(`${TOP}/moved/b/kept`, 'kept');
    await purge(sequence);
    expect(await first().names(`${TOP}/moved`)).toEqual(['b']);
    expect(await first().read(`${TOP}/moved/b/kept`)).toBe('kept');
    await first().restart();
    expect(await first().read(`${TOP}/moved/b/kept`)).toBe('kept');
    await first().heal();
    await inConflict();
    expect(await textOf(first().localVersion().read(`${TOP}/moved/b/kept`))).toBe('kept');
    expect(problems()).toEqual([]);
    await purge();
    expect(await first().names(TOP)).toEqual(['d', 'g']);
    expect(await tree()).toEqual(await tree(second()));
  });

  it('up to a record, leaves where it is what has no place any more where it was', async () => {
    const files = first().files();
    await files.mkdir(`${TOP}/x`, 0o755);
    await files.mkdir(`${TOP}/y`, 0o755);
    await first().heal();
    await first().drained();
    for (const path of [TOP, `${TOP}/x`, `${TOP}/y`]) await first().names(path);
    await first().writeDisconnect();
    await first().cut();
    await files.rename(`${TOP}/x`, `${TOP}/y/c`);
    const sequence = last();
    await files.setattr(`${TOP}/y/c`, { modified: 1000 });
    await first().write(`${TOP}/x`, 'takes its name');
    await purge(sequence);
    const shown = kept();
    await first().manager.tree.withdraw(ROOT, []);
    expect(kept()).toEqual(shown);
    expect(await first().names(`${TOP}/y`)).toEqual(['c']);
    expect(problems()).toEqual([]);
  });

  it('first up to a record and then whole, puts back what had stayed in another place', async () => {
    const before = await first().names(TOP);
    const files = first().files();
    await files.rename(`${TOP}/d`, `${TOP}/moved`);
    const sequence = last();
    await files.setattr(`${TOP}/moved`, { modified: 1000 });
    await first().write(`${TOP}/d`, 'takes its name');
    await purge(sequence);
    expect(await first().names(TOP)).toEqual(['d', 'g', 'moved']);
    await purge();
    expect(await first().names(TOP)).toEqual(before);
    expect(await first().names(`${TOP}/d`)).toEqual(['empty', 'f']);
    expect(await first().read(`${TOP}/d/f`)).toBe('old f');
    expect(problems()).toEqual([]);
    await first().heal();
    expect(await tree()).toEqual(await tree(second()));
  });

  it('knows of names what the servers told last, though a log was about them that came to nothing', async () => {
    await first().write(`${TOP}/n`, 'comes and goes');
    await first().files().remove(`${TOP}/n`);
    expect(first().log().entries).toBe(0);
    await first().heal();
    await second().write(`${TOP}/n`, 'theirs');
    expect(await first().read(`${TOP}/n`)).toBe('theirs');
    await first().cut();
    await first().files().rename(`${TOP}/n`, `${TOP}/m`);
    await purge();
    expect(await first().names(TOP)).toEqual(['d', 'g', 'n']);
    expect(await first().read(`${TOP}/n`)).toBe('theirs');
    expect(problems()).toEqual([]);
  });

  it('up to a record, shows no contents of those before', async () => {
    await first().write(`${TOP}/new`, 'purged');
    const sequence = last();
    await first().files().setattr(`${TOP}/new`, { mode: 0o600 });
    await purge(sequence);
    expect(await first().files().lstat(`${TOP}/new`)).toMatchObject({ length: 0, mode: 0o600 });
    expect(await first().read(`${TOP}/new`)).toBe('');
  });

  it('lets the names that it took away be those of others again', async () => {
    await first().files().rename(`${TOP}/g`, `${TOP}/h`);
    await first().files().rename(`${TOP}/d/f`, `${TOP}/g`);
    const sequence = last();
    await first().write(`${TOP}/h`, 'new g');
    await purge(sequence);
    expect(await first().names(TOP)).toEqual(['d', 'g']);
    expect(await first().read(`${TOP}/g`)).toBe('new g');
    expect(await first().read(`${TOP}/d/f`)).toBe('old f');
  });
});

describe('what a log has a record about stays in reach', () => {
  beforeEach(async () => {
    await first().files().mkdir(`${TOP}/d`, 0o755);
    await first().files().mkdir(`${TOP}/d/e`, 0o755);
    await first().write(`${TOP}/d/e/f`, 'old');
    await first().write(`${TOP}/d/e/g`, 'old g');
    await tree();
    await tree(second());
    await first().cut();
    await first().write(`${TOP}/d/e/f`, 'mine');
  });

  const removeAll = async () => {
    for (const path of ['d/e/f', 'd/e/g', 'd/e', 'd']) await second().files().remove(`${TOP}/${path}`);
  };

  it.each<readonly [string, () => Promise<void>]>([
    ['removed', () => second().files().remove(`${TOP}/d/e/f`)],
    ['removed with all that it was in', removeAll],
    ['renamed', () => second().files().rename(`${TOP}/d/e/f`, `${TOP}/d/e/h`)],
    ['moved', () => second().files().rename(`${TOP}/d/e/f`, `${TOP}/f`)],
    ['moved with what it was in', () => second().files().rename(`${TOP}/d/e`, `${TOP}/e`)],
    [
      'removed, and its name taken',
      async () => {
        await second().files().remove(`${TOP}/d/e/f`);
        await second().write(`${TOP}/d/e/f`, 'theirs');
      },
    ],
  ])('though another client has it %s', async (_, change) => {
    await change();
    const theirs = await tree(second());
    await first().heal();
    await first().manager.reintegrator.force(ROOT);
    await tree();
    if (first().log().entries > 0) {
      await expectReachable();
      const paths = (await tree()).filter((line) => line.endsWith(' mine'));
      expect(paths).toHaveLength(1);
      expect(problems()).toEqual([]);
      await first().restart();
      expect((await tree()).filter((line) => line.endsWith(' mine'))).toEqual(paths);
      await first().cut();
      expect((await tree()).filter((line) => line.endsWith(' mine'))).toEqual(paths);
      await first().heal();
      await purge();
      expect(await tree(second())).toEqual(theirs);
    }
    expect(await tree()).toEqual(await tree(second()));
    expect(problems()).toEqual([]);
  });

  it('and what others have made beside it is seen', async () => {
    await second().files().remove(`${TOP}/d/e/f`);
    await second().write(`${TOP}/d/e/new`, 'new');
    await first().heal();
    await inConflict();
    expect(await first().names(`${TOP}/d/e`)).toEqual(['f', 'g', 'new']);
    expect(await first().read(`${TOP}/d/e/new`)).toBe('new');
  });
});

describe('any changes', () => {
  const change = fc.oneof(
    { weight: 12, arbitrary: anyChange },
    { weight: 1, arbitrary: fc.record({ purge: fc.nat({ max: 100 }) }) },
  );

  it('leave what records there are in reach when any of the oldest are purged, and the servers alone when all', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 50, size: 'max' }), async (changes) => {
        const top = `${TOP}/run${++runs}`;
        // Each with a client of its own, so that none finds what another one has left.
        one = await open(`client${runs}`);
        await first().files().mkdir(top, 0o755);
        for (const each of prelude) await doInCoda(first().files(), top, each);
        const before = await tree(first(), top);
        await first().cut();
        let hasPurged = false;
        for (const each of changes) {
          if (!('purge' in each)) await doInCoda(first().files(), top, each);
          else {
            const records = first().records();
            const at = Math.floor((records.length * each.purge) / 100);
            if (records.length > 0) await purge(records[at]?.sequence);
            hasPurged = true;
          }
          await expectReachable();
          expect(problems()).toEqual([]);
          const shown = kept();
          await first().manager.tree.withdraw(ROOT, []);
          expect(kept()).toEqual(shown);
        }
        if (!hasPurged && first().log().entries > 0) {
          const shown = await tree(first(), top);
          await first().heal();
          await first().drained();
          expect(await tree(second(), top)).toEqual(shown);
          return;
        }
        if (first().log().entries > 0) await purge();
        const names = (lines: readonly string[]) => lines.map((line) => line.replace(/: .*/s, ''));
        expect(names(await shownOffline(top))).toEqual(names(before));
        await first().heal();
        expect(await tree(first(), top)).toEqual(before);
        expect(await tree(second(), top)).toEqual(before);
      }),
      { numRuns: 25, endOnFailure: true, seed: 20_261_121 },
    );
  }, 240_000);

  /** Paths, of contents that are not here, too. */
  async function shownOffline(top: string): Promise<readonly string[]> {
    const lines: string[] = [];
    const visit = async (directory: string) => {
      for (const name of await first().names(directory)) {
        const { type } = await first().files().lstat(`${directory}/${name}`);
        lines.push(`${directory}/${name}`.slice(top.length) + ': ');
        if (type === 'directory') await visit(`${directory}/${name}`);
      }
    };
    await visit(top);
    return lines.sort();
  }
});
