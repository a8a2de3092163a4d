import { beforeEach, describe, expect, it } from 'vitest';
import type { PreserveHow } from '../../../../src/ipc/repairs.ts';
import { conflictsOf } from '../../../../src/venus/client/repair/conflictReports.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, ROOT, collect, until, useRealm } from '../../support.ts';
import { treeInCoda } from '../localTree.ts';

const realm = useRealm();
const open = useClients(realm);
const top = '/test.realm';
const d = `${top}/d`;
let laptop: TestClient;
let desk: TestClient;

beforeEach(async () => {
  [laptop, desk] = [await open('laptop'), await open('desk')];
  for (const path of [d, `${d}/sub`, `${d}/empty`]) await laptop.files().mkdir(path, 0o755);
  for (const name of ['f', 'g', 'sub/h']) await laptop.write(`${d}/${name}`, `old ${name}`);
  for (const path of [top, d, `${d}/sub`, `${d}/empty`]) await laptop.names(path);
});

type Work = (client: TestClient) => Promise<void>;
type Keep = 'mine' | 'server' | 'both';

/** One kind of conflict: what each side does, how it is told, and what is in the tree when it has been settled. */
interface Kind {
  readonly mine: Work;
  readonly theirs: Work;
  /** The object in conflict, what is said of the first refused mutation, and what stands in its way. */
  readonly told: string;
  readonly result: Readonly<Record<Keep, readonly string[]>>;
}

const write =
  (path: string, contents: string): Work =>
  (client) =>
    client.write(`${d}/${path}`, contents);
const remove =
  (path: string): Work =>
  (client) =>
    client.files().remove(`${d}/${path}`);
const rename =
  (from: string, to: string): Work =>
  (client) =>
    client.files().rename(`${d}/${from}`, `${d}/${to}`);
const mkdir =
  (path: string): Work =>
  (client) =>
    client.files().mkdir(`${d}/${path}`, 0o755);
const chmod =
  (path: string, mode: number): Work =>
  (client) =>
    client.files().setattr(`${d}/${path}`, { mode });
const both =
  (...work: readonly Work[]): Work =>
  async (client) => {
    for (const each of work) await each(client);
  };

const f = (contents: string, path = 'f') => `${path} ${contents}`;
const same = [f('old f'), f('old g', 'g'), f('old sub/h', 'sub/h')];
const rest = same.slice(1);

const kinds: Readonly<Record<string, Kind>> = {
  'both stored a file': {
    mine: write('f', 'mine'),
    theirs: write('f', 'theirs'),
    told: 'd/f: store  updated',
    result: {
      mine: [f('mine'), ...rest],
      server: [f('theirs'), ...rest],
      both: [f('theirs'), f('mine', 'f.kept'), ...rest],
    },
  },
  'both made a file by one name': {
    mine: write('new', 'mine'),
    theirs: write('new', 'theirs'),
    told: 'd: create new exists',
    result: {
      mine: [...same, f('mine', 'new')],
      server: [...same, f('theirs', 'new')],
      both: [...same, f('theirs', 'new'), f('mine', 'new.kept')],
    },
  },
  'both made a directory by one name, and files in it': {
    mine: both(mkdir('new'), write('new/a', 'mine')),
    theirs: both(mkdir('new'), write('new/b', 'theirs')),
    told: 'd: mkdir new exists',
    result: {
      mine: [...same, f('mine', 'new/a'), f('theirs', 'new/b')],
      server: [...same, f('theirs', 'new/b')],
      both: [...same, f('mine', 'new/a'), f('theirs', 'new/b')],
    },
  },
  'one stored what the other removed': {
    mine: write('f', 'mine'),
    theirs: remove('f'),
    told: 'd/f: store  gone',
    result: { mine: [f('mine'), ...rest], server: rest, both: [f('mine'), ...rest] },
  },
  'one removed what the other stored': {
    mine: remove('f'),
    theirs: write('f', 'theirs'),
    told: 'd: remove f updated',
    result: { mine: rest, server: [f('theirs'), ...rest], both: [f('theirs'), ...rest] },
  },
  'one changed the mode of what the other stored': {
    mine: chmod('f', 0o600),
    theirs: write('f', 'theirs'),
    told: 'd/f: chmod  updated',
    result: { mine: [f('theirs'), ...rest], server: [f('theirs'), ...rest], both: [f('theirs'), ...rest] },
  },
  'one renamed to a name that the other took': {
    mine: rename('f', 'new'),
    theirs: write('new', 'theirs'),
    told: 'd: rename f exists',
    result: {
      mine: [...rest, f('old f', 'new')],
      server: [...same, f('theirs', 'new')],
      both: [...rest, f('theirs', 'new'), f('old f', 'new.kept')],
    },
  },
  'both renamed a file': {
    mine: rename('f', 'mine'),
    theirs: rename('f', 'theirs'),
    told: 'd: rename f missing',
    result: {
      mine: [...rest, f('old f', 'mine')],
      server: [...rest, f('old f', 'theirs')],
      both: [...rest, f('old f', 'mine')],
    },
  },
  'one removed a directory into which the other put a file': {
    mine: remove('empty'),
    theirs: write('empty/x', 'theirs'),
    told: 'd: rmdir empty not empty',
    result: {
      mine: same,
      server: [...same, f('theirs', 'empty/x')],
      both: [...same, f('theirs', 'empty/x')],
    },
  },
  'one removed a directory with what the other changed below': {
    mine: write('sub/h', 'mine'),
    theirs: both(remove('sub/h'), remove('sub')),
    told: 'd/sub/h: store  gone',
    result: {
      mine: [...same.slice(0, 2), f('mine', 'sub/h')],
      server: same.slice(0, 2),
      both: [...same.slice(0, 2), f('mine', 'sub/h')],
    },
  },
};

/** Settles each mutation in the same way. */
async function settle(keep: Keep): Promise<void> {
  for (const { path } of await conflicts()) {
    const { fid } = await placeOf(path);
    const { repair } = await laptop.manager.repairs.begin(fid, OPERATOR);
    for (let checked = await repair.check(); checked; checked = await repair.check()) {
      const { mutation } = checked;
      const name = ('to' in mutation ? mutation.to : mutation.path) || path;
      const how: PreserveHow =
        keep === 'mine'
          ? { onConflict: 'replace' }
          : { onConflict: 'rename', name: `${name.slice(name.lastIndexOf('/') + 1)}.kept` };
      const decided = keep === 'server' ? await repair.discard() : await repair.preserve(how);
      expect(decided).toMatchObject({ kind: 'done' });
    }
    expect(await repair.commit()).toMatchObject({ kind: 'done' });
  }
}

const conflicts = () => collect(conflictsOf(laptop.session(), ROOT));

/** The object that a report is about, by the fid in it. */
async function placeOf(path: string) {
  const found = (await conflicts()).find((conflict) => conflict.path === path);
  const [volume = 0, vnode = 0, unique = 0] = (found?.fid ?? '')
    .split('.')
    .map((hex) => Number.parseInt(hex, 16));
  return Promise.resolve({ fid: { volume, vnode, unique } });
}

/** All files below, with their contents. */
async function filesOf(client: TestClient, path = d): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await client.names(path)) {
    const inside = `${path}/${name}`;
    if ((await client.files().lstat(inside)).type === 'directory')
      found.push(...(await filesOf(client, inside)));
    else found.push(`${inside.slice(d.length + 1)} ${await client.read(inside)}`);
  }
  return found.sort();
}

describe.each(Object.entries(kinds))('when %s', (_, kind) => {
  const conflict = async () => {
    await laptop.cut();
    await kind.mine(laptop);
    await kind.theirs(desk);
    await laptop.heal();
    await until(() => laptop.manager.reintegrator.obstacle(ROOT) === 'conflict');
  };

  it('it is told by its object, what was done and what is in the way', async () => {
    await conflict();
    const [told] = await conflicts();
    const { path, mutation, verdict } = told ?? {};
    const obstruction = verdict?.kind === 'conflict' ? verdict.obstruction : '';
    expect(`${path?.slice(top.length + 1)}: ${mutation?.op} ${mutation?.path} ${obstruction}`).toBe(
      kind.told,
    );
  });

  it.each(['mine', 'server', 'both'] as const)('keeping %s settles it on all sides', async (keep) => {
    await conflict();
    await settle(keep);
    expect(await conflicts()).toEqual([]);
    expect(laptop.log().entries).toBe(0);
    expect(await filesOf(desk)).toEqual([...kind.result[keep]].sort());
    expect(await filesOf(laptop)).toEqual([...kind.result[keep]].sort());
    expect(await treeInCoda(laptop.files(), d)).toEqual(await treeInCoda(desk.files(), d));
  });
});
