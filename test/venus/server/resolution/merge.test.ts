import { describe, expect, it } from 'vitest';
import { type Fid, formatFid } from '../../../../src/ipc/fid.ts';
import type { StoreId, VersionVector } from '../../../../src/ipc/versionVector.ts';
import type { LoggedUpdate, NamedFid } from '../../../../src/venus/server/resolution/loggedUpdate.ts';
import { merge, namesIn, objectsIn } from '../../../../src/venus/server/resolution/merge.ts';
import type { MergePlan, Replica } from '../../../../src/venus/server/resolution/mergePlan.ts';

const RESOLUTION: StoreId = { host: 9, unique: 9 };
const fid = (vnode: number): Fid => ({ volume: 7, vnode, unique: vnode });
const [ROOT, FILE, OTHER] = [fid(1), fid(2), fid(4)];

function vector(versions: readonly number[], unique: number, flags = 0): VersionVector {
  return { versions: [...versions, 0, 0, 0, 0, 0, 0, 0, 0].slice(0, 8), storeId: { host: 1, unique }, flags };
}

function update(unique: number, parts: Partial<LoggedUpdate>): LoggedUpdate {
  const none = { added: [], removed: [], made: [], gone: [], changed: [] };
  return { storeId: { host: 1, unique }, time: unique, viceId: 1, kind: 'store', ...none, ...parts };
}

interface Held {
  readonly log?: readonly LoggedUpdate[];
  readonly versions: ReadonlyMap<Fid, VersionVector>;
  readonly names?: Readonly<Record<string, Fid>>;
  readonly concluded?: readonly number[];
}

function replica(site: number, { log = [], versions, names = {}, concluded = [] }: Held): Replica {
  const byFid = new Map([...versions].map(([each, version]) => [formatFid(each), version]));
  return {
    site,
    log,
    object: (each) => {
      const versionVector = byFid.get(formatFid(each));
      if (!versionVector) return undefined;
      const linkCount = Object.values(names).filter((named) => named === each).length;
      return {
        fid: each,
        type: each.vnode % 2 === 1 ? 'directory' : 'file',
        versionVector,
        linkCount,
        parent: each === ROOT ? undefined : ROOT,
      };
    },
    entry: (_, name) => names[name],
    isConcluded: ({ unique }) => concluded.includes(unique),
  };
}

const stored = (unique: number) => update(unique, { changed: [FILE] });
const withFile = (
  version: VersionVector,
  log: readonly LoggedUpdate[] = [],
  concluded: readonly number[] = [],
): Held => ({
  log,
  concluded,
  versions: new Map([
    [ROOT, vector([1, 1], 1)],
    [FILE, version],
  ]),
  names: { file: FILE },
});
const mergeTwo = (one: Held, other: Held): MergePlan =>
  merge([replica(0, one), replica(1, other)], RESOLUTION);
const stepsOf = ({ replicas }: MergePlan) => replicas.map(({ steps }) => steps.map(({ step }) => step));
const versionOf = ({ versions }: MergePlan, of: Fid) =>
  versions.find((each) => formatFid(each.fid) === formatFid(of))?.versionVector;

describe('versions', () => {
  it('an update that all have, and did not hear so, only equals the versions', () => {
    const plan = mergeTwo(withFile(vector([2, 1], 5), [stored(5)]), withFile(vector([1, 2], 5), [stored(5)]));
    expect(stepsOf(plan)).toEqual([[], []]);
    expect(plan.common).toEqual([{ host: 1, unique: 5 }]);
    expect(versionOf(plan, FILE)).toEqual(vector([2, 2], 5));
  });

  it('the replica with more updates of a file is copied, and names the version', () => {
    const plan = mergeTwo(
      withFile(vector([3, 1], 6), [stored(5), stored(6)]),
      withFile(vector([1, 2], 5), [stored(5)]),
    );
    expect(stepsOf(plan)).toEqual([[], ['copy']]);
    expect(versionOf(plan, FILE)).toEqual(vector([3, 2], 6));
    expect(plan.replicas[1]?.learned).toEqual([stored(6)]);
  });

  it('a directory with updates from both sides gets a version of its own', () => {
    const side = (file: Fid, name: string, version: VersionVector): Held => ({
      log: [
        update(file.vnode, { kind: 'make', made: [file], added: [{ directory: ROOT, name, fid: file }] }),
      ],
      versions: new Map([
        [ROOT, version],
        [file, vector([1], file.vnode)],
      ]),
      names: { [name]: file },
    });
    const plan = mergeTwo(side(FILE, 'a', vector([2, 1], 2)), side(OTHER, 'b', vector([1, 2], 4)));
    expect(stepsOf(plan)).toEqual([
      ['make', 'enter'],
      ['make', 'enter'],
    ]);
    expect(versionOf(plan, ROOT)).toEqual({ ...vector([3, 3], 0), storeId: RESOLUTION });
  });

  it('without logs, what lags is copied from what dominates; what an update explains is not', () => {
    const log = [update(5, { kind: 'status', changed: [ROOT] })];
    const touched = [update(5, { kind: 'link', added: [{ directory: ROOT, name: 'file', fid: FILE }] })];
    expect(stepsOf(mergeTwo(withFile(vector([2, 2], 8), log), withFile(vector([1, 1], 7), log)))).toEqual([
      [],
      [],
    ]);
    expect(
      stepsOf(mergeTwo(withFile(vector([2, 2], 8), touched), withFile(vector([1, 1], 7), touched))),
    ).toEqual([[], ['copy']]);
    expect(stepsOf(mergeTwo(withFile(vector([2, 1], 5), touched), withFile(vector([1, 1], 1))))).toEqual([
      [],
      [],
    ]);
  });

  it('what is in conflict keeps the versions that it has', () => {
    const plan = mergeTwo(withFile(vector([2, 1], 5), [stored(5)]), withFile(vector([1, 2], 6), [stored(6)]));
    expect(plan.conflicts).toEqual([{ fid: FILE, kind: 'update/update' }]);
    expect(versionOf(plan, FILE)).toBeUndefined();
  });

  it('an object marked inconsistent stays so', () => {
    const plan = mergeTwo(
      withFile(vector([1, 1], 1, 1), [stored(5)]),
      withFile(vector([1, 1], 1), [stored(5)]),
    );
    expect(plan.conflicts).toEqual([]);
    expect(versionOf(plan, FILE)).toBeUndefined();
  });

  it('a marked file that is copied over is not marked any more', () => {
    const plan = mergeTwo(
      withFile(vector([1, 1], 5, 1), [stored(5)]),
      withFile(vector([1, 2], 6), [stored(5), stored(6)]),
    );
    expect(stepsOf(plan)).toEqual([['copy'], []]);
    expect(versionOf(plan, FILE)?.flags).toBe(0);
  });
});

describe('what a server has forgotten', () => {
  it('an update is no news to a server that forgot it since all have it', () => {
    const one = withFile(vector([2, 1], 5), [stored(5)]);
    const other = withFile(vector([2, 3], 6), [stored(6)], [5]);
    const plan = mergeTwo(one, other);
    expect(plan.conflicts).toEqual([]);
    expect(stepsOf(plan)).toEqual([['copy'], []]);
    expect(plan.replicas[1]?.learned).toEqual([]);
    expect(mergeTwo(one, { ...other, concluded: [] }).conflicts).toEqual([
      { fid: FILE, kind: 'update/update' },
    ]);
  });
});

describe('what no log explains', () => {
  const made = update(5, { kind: 'make', made: [FILE], added: [{ directory: ROOT, name: 'a', fid: FILE }] });
  const removed = update(6, {
    kind: 'remove',
    removed: [{ directory: ROOT, name: 'a', fid: FILE }],
    gone: [FILE],
  });

  it('a name that only one server has stays there, and comes to no other one', () => {
    const plan = mergeTwo(
      { log: [made, removed], versions: new Map([[ROOT, vector([3, 1], 6)]]) },
      {
        versions: new Map([
          [ROOT, vector([1, 1], 1)],
          [OTHER, vector([1, 1], 1)],
        ]),
        names: { a: OTHER },
      },
    );
    expect(stepsOf(plan)).toEqual([[], []]);
    expect(plan.conflicts).toEqual([{ fid: ROOT, kind: 'dependent', name: 'a' }]);
  });

  it('a name that all have is no conflict, whatever was done to it', () => {
    const taken = update(7, { kind: 'remove', removed: [{ directory: ROOT, name: 'file', fid: FILE }] });
    const plan = mergeTwo(withFile(vector([2, 1], 1), [taken]), withFile(vector([1, 2], 1)));
    expect(stepsOf(plan)).toEqual([[], []]);
    expect(plan.conflicts).toEqual([]);
  });

  it('two names that were one, and that all have, are none either', () => {
    const renamed = (unique: number, to: string) =>
      update(unique, {
        kind: 'rename',
        removed: [{ directory: ROOT, name: 'file', fid: FILE }],
        added: [{ directory: ROOT, name: to, fid: FILE }],
      });
    const side = (version: VersionVector, log: readonly LoggedUpdate[]): Held => ({
      ...withFile(version, log),
      names: { one: FILE, two: FILE },
    });
    const plan = mergeTwo(
      side(vector([2, 1], 5), [renamed(5, 'one')]),
      side(vector([1, 2], 6), [renamed(6, 'two')]),
    );
    expect(stepsOf(plan)).toEqual([[], []]);
    expect(plan.conflicts).toEqual([]);
  });
});

describe('repairs', () => {
  const repair = update(9, { kind: 'repair', changed: [FILE] });

  it('a repaired file is not in conflict, and third servers take it over', () => {
    const one = replica(0, withFile(vector([3, 3], 9), [stored(5), repair]));
    const other = replica(1, withFile(vector([3, 3], 9), [stored(6), repair]));
    const third = replica(2, withFile(vector([1, 1], 5), [stored(5)]));
    const plan = merge([one, other, third], RESOLUTION);
    expect(plan.conflicts).toEqual([]);
    expect(stepsOf(plan)).toEqual([[], [], ['copy']]);
    expect(plan.common.map(({ unique }) => unique).sort()).toEqual([5, 6, 9]);
  });

  it('a change that the repair did not see is in conflict with it', () => {
    const one = withFile(vector([3, 3], 9), [stored(5), repair]);
    expect(mergeTwo(one, withFile(vector([1, 1], 7), [stored(7)])).conflicts).toEqual([
      { fid: FILE, kind: 'update/update' },
    ]);
  });

  it('an object that a repair made takes its contents from where they are', () => {
    const named = { directory: ROOT, name: 'file', fid: FILE };
    const log = [
      update(5, { kind: 'remove', removed: [named], gone: [FILE] }),
      update(9, { kind: 'repair', added: [named], made: [FILE], changed: [FILE] }),
    ];
    const plan = mergeTwo(withFile(vector([0], 0), log), withFile(vector([1, 2], 6), [stored(6)]));
    expect(plan.conflicts).toEqual([]);
    expect(stepsOf(plan)).toEqual([['copy'], []]);
  });

  it('a directory that a repair names, and a rename at another server, has one name', () => {
    const [before, mine, theirs] = ['x', 'y', 'z'].map((name) => ({ directory: ROOT, name, fid: fid(3) }));
    if (!before || !mine || !theirs) throw new Error('There are three names.');
    const versions = new Map([ROOT, fid(3)].map((each) => [each, vector([1], 1)]));
    const log = [update(5, { kind: 'repair', removed: [before], added: [mine] })];
    const other = [update(6, { kind: 'rename', removed: [before], added: [theirs] })];
    const plan = mergeTwo(
      { log, versions, names: { y: fid(3) } },
      { log: other, versions, names: { z: fid(3) } },
    );
    expect(new Set(plan.conflicts.map(({ kind }) => kind))).toEqual(new Set(['rename/rename']));
    expect(stepsOf(plan)).toEqual([[], []]);
  });

  it('where a repair gave a name at one server and took it at another, a third one gets what it lacks', () => {
    const mine: NamedFid = { directory: ROOT, name: 'x', fid: FILE };
    const theirs: NamedFid = { directory: ROOT, name: 'x', fid: OTHER };
    const made = (named: NamedFid) =>
      update(named.fid.vnode, { kind: 'make', made: [named.fid], added: [named] });
    const versions = new Map([
      [ROOT, vector([2, 2], 9)],
      [FILE, vector([1], 2)],
    ]);
    const one = replica(0, {
      log: [made(mine), update(9, { kind: 'repair' })],
      versions,
      names: { x: FILE },
    });
    const swap = update(9, { kind: 'repair', removed: [theirs], added: [mine], made: [FILE], gone: [OTHER] });
    const other = replica(1, { log: [made(theirs), swap], versions, names: { x: FILE } });
    const third = replica(2, { versions: new Map([[ROOT, vector([1], 1)]]) });
    const plan = merge([one, other, third], RESOLUTION);
    expect(plan.conflicts).toEqual([]);
    expect(stepsOf(plan)).toEqual([[], [], ['make', 'enter']]);
    expect(plan.replicas[2]?.learned.find(({ kind }) => kind === 'repair')).toMatchObject({
      removed: [],
      gone: [],
      added: [mine],
    });
  });
});

describe('the order of steps', () => {
  const inside = (
    names: Readonly<Record<string, Fid>>,
    vnodes: readonly number[],
    log: readonly LoggedUpdate[],
  ): Replica => {
    const versions = new Map(
      [ROOT, ...vnodes.map(fid)].map((each) => [formatFid(each), vector([1], each.vnode)]),
    );
    return {
      site: log.length > 0 ? 0 : 1,
      log,
      object: (each) => {
        const versionVector = versions.get(formatFid(each));
        return (
          versionVector && { fid: each, type: 'directory', versionVector, linkCount: 1, parent: undefined }
        );
      },
      entry: (directory, name) => names[`${directory.vnode}/${name}`],
    };
  };
  const [outer, inner] = [fid(3), fid(5)];
  const names = { '1/outer': outer, '3/inner': inner };
  const [toOuter, toInner] = [
    { directory: ROOT, name: 'outer', fid: outer },
    { directory: outer, name: 'inner', fid: inner },
  ];

  it('directories are made from above, and dropped from below', () => {
    const made = [
      update(4, { kind: 'status', changed: [inner] }),
      update(5, { kind: 'make', made: [inner], added: [toInner] }),
      update(6, { kind: 'make', made: [outer], added: [toOuter] }),
    ];
    const making = merge([inside(names, [3, 5], made), inside({}, [], [])], RESOLUTION);
    expect(making.replicas[1]?.steps.map(({ step, fid: { vnode } }) => `${step} ${vnode}`)).toEqual([
      'make 3',
      'make 5',
      'enter 5',
      'enter 3',
    ]);
    const gone = [
      update(7, { kind: 'remove', removed: [toOuter], gone: [outer] }),
      update(8, { kind: 'remove', removed: [toInner], gone: [inner] }),
    ];
    const dropping = merge([inside({}, [], gone), inside(names, [3, 5], [])], RESOLUTION);
    expect(dropping.replicas[1]?.steps.map(({ step, fid: { vnode } }) => `${step} ${vnode}`)).toEqual([
      'leave 3',
      'leave 5',
      'drop 5',
      'drop 3',
    ]);
  });
});

describe('many updates', () => {
  const COUNT = 50_000;

  it('100,000 of them merge in a moment', { timeout: 120_000 }, () => {
    const side = (site: number): Held => {
      const files = Array.from({ length: COUNT }, (_, index) => fid(2 * (index * 2 + site) + 100));
      const log = files.map((each) =>
        update(each.vnode, {
          kind: 'make',
          made: [each],
          added: [{ directory: ROOT, name: `f${each.vnode}`, fid: each }],
        }),
      );
      const versions = new Map([
        ...files.map((each) => [each, vector([1], each.vnode)] as const),
        [ROOT, vector([1], site)] as const,
      ]);
      return { log, versions, names: Object.fromEntries(files.map((each) => [`f${each.vnode}`, each])) };
    };
    const replicas = [side(0), side(1)].map((held, site) => ({
      ...replica(site, held),
      object: quick(held),
    }));
    const logs = replicas.map(({ log }) => log);
    const started = process.cpuUsage();
    expect(objectsIn(logs)).toHaveLength(2 * COUNT + 1);
    expect(namesIn(logs)).toHaveLength(2 * COUNT);
    const plan = merge(replicas, RESOLUTION);
    const { user, system } = process.cpuUsage(started);
    expect(plan.conflicts).toEqual([]);
    expect(plan.common).toHaveLength(2 * COUNT);
    expect(plan.replicas.map(({ steps }) => steps.length)).toEqual([2 * COUNT, 2 * COUNT]);
    // Ten times what it takes on an idle machine: this is about what grows faster than the logs.
    expect((user + system) / 1000).toBeLessThan(10_000);
  });

  function quick({ versions }: Held): Replica['object'] {
    const objects = new Map(
      [...versions].map(([each, versionVector]) => [formatFid(each), { fid: each, versionVector }]),
    );
    return (each) => {
      const found = objects.get(formatFid(each));
      return found && { ...found, type: each === ROOT ? 'directory' : 'file', linkCount: 1, parent: ROOT };
    };
  }
});
