import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT as CODA_ROOT, call } from '../../../src/ipc/call.ts';
import { hoardAdd } from '../../../src/ipc/calls/hoardAdd.ts';
import { hoardClear } from '../../../src/ipc/calls/hoardClear.ts';
import { hoardDelete } from '../../../src/ipc/calls/hoardDelete.ts';
import { hoardDisable } from '../../../src/ipc/calls/hoardDisable.ts';
import { hoardEnable } from '../../../src/ipc/calls/hoardEnable.ts';
import { hoardList } from '../../../src/ipc/calls/hoardList.ts';
import { hoardVerify } from '../../../src/ipc/calls/hoardVerify.ts';
import { hoardWalk } from '../../../src/ipc/calls/hoardWalk.ts';
import { ALL_USERS } from '../../../src/ipc/hoardName.ts';
import type { NewEntry } from '../../../src/ipc/hoard.ts';
import { HttpHoard } from '../../../src/ipc/socket/httpHoard.ts';
import { SocketVenus } from '../../../src/ipc/socket/socketVenus.ts';
import { OPERATOR, REALM, ROOT, collect, outcome } from '../support.ts';
import { useVenus } from './servedVenus.ts';

const SOMEBODY = 2000;
const venus = useVenus();
let directory = '';
const connected: SocketVenus[] = [];
/** Connections as somebody has them whose venus it is, or who is somebody else. */
const as = (uid?: number) => {
  const connection = new SocketVenus(venus().socket, { timeLimit: 20_000, uid });
  connected.push(connection);
  return connection;
};
const hoard = async (uid?: number) => new HttpHoard(await as(uid).http());

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'coda-hoard-'));
  const files = venus().realm.files();
  await files.mkdir(`/${REALM}/d`, 0o755);
  for (const name of ['a', 'b']) await venus().realm.write(`/${REALM}/d/${name}`, `contents of ${name}`);
});
afterAll(async () => {
  for (const connection of connected) await connection.close();
  rmSync(directory, { recursive: true, force: true });
});

const entry = (name: string, more: Partial<NewEntry> = {}): NewEntry => ({
  volume: ROOT,
  realm: REALM,
  name,
  priority: 100,
  expansion: 'none',
  exclude: [],
  ...more,
});

const added = { volume: ROOT, realm: REALM, priority: 100, expansion: 'none' } as const;
const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .sort();
const list = async (name: string, uid = ALL_USERS, caller?: number) => {
  const outFile = join(directory, name);
  await call(as(caller), hoardList, CODA_ROOT, { outFile, uid });
  return lines(outFile);
};
const verify = async (verbosity: number) => {
  const outFile = join(directory, 'verified');
  await call(as(), hoardVerify, CODA_ROOT, { outFile, uid: ALL_USERS, verbosity });
  return lines(outFile);
};

describe('the pioctls of hoarding', () => {
  it('add, replace, list and delete entries', async () => {
    const tool = as();
    await call(tool, hoardAdd, CODA_ROOT, { ...added, name: './d', expansion: 'descendants' });
    await call(tool, hoardAdd, CODA_ROOT, { ...added, name: './x', expansion: 'children' });
    await call(tool, hoardAdd, CODA_ROOT, { ...added, name: './x', priority: 7 });
    expect(await list('listed')).toEqual([
      `<7f000000@${REALM}, ./d>, ${OPERATOR}, 100:d+`,
      `<7f000000@${REALM}, ./x>, ${OPERATOR}, 7`,
    ]);
    await call(tool, hoardDelete, CODA_ROOT, { volume: ROOT, realm: REALM, name: './x' });
    expect(await list('listed')).toHaveLength(1);
    expect(
      await outcome(call(tool, hoardDelete, CODA_ROOT, { volume: ROOT, realm: REALM, name: './x' })),
    ).toBe('ENOENT');
  });

  it.each([
    ['a priority of 0', { priority: 0 }],
    ['a priority of 1001', { priority: 1001 }],
    ['another realm', { realm: 'elsewhere' }],
  ])('refuse %s', async (_what, wrong) => {
    expect(await outcome(call(as(), hoardAdd, CODA_ROOT, { ...added, name: './y', ...wrong }))).toBe(
      'EINVAL',
    );
  });

  it('walk, and then say that all is here', async () => {
    await venus().realm.client.upkeep.forgetAll();
    expect(await verify(1)).toEqual([`        *** Not bound ***  /coda/${REALM}/d d+`]);
    await call(as(), hoardWalk, CODA_ROOT, 0);
    expect(await verify(0)).toEqual([]);
    expect(await verify(1)).toEqual([`                       OK  /coda/${REALM}/d`]);
    expect(await verify(101)).toEqual(
      ['d', 'd/a', 'd/b'].map((path) => `                       OK  /coda/${REALM}/${path}`),
    );
  });

  it('switch periodic walks off and on', async () => {
    await call(as(), hoardDisable, CODA_ROOT, 0);
    expect((await (await hoard()).facts()).walks).toMatchObject({ isPeriodic: false });
    await call(as(), hoardEnable, CODA_ROOT, 0);
    expect((await (await hoard()).facts()).walks).toMatchObject({ isPeriodic: true, interval: 600 });
  });

  it('keep others from entries that are not theirs, and show them their own', async () => {
    await call(as(SOMEBODY), hoardAdd, CODA_ROOT, { ...added, name: './his' });
    expect(await list('his', ALL_USERS, SOMEBODY)).toEqual([`<7f000000@${REALM}, ./his>, ${SOMEBODY}, 100`]);
    const name = { volume: ROOT, realm: REALM, name: './d' };
    expect(await outcome(call(as(SOMEBODY), hoardDelete, CODA_ROOT, name))).toBe('EACCES');
    expect(await outcome(call(as(SOMEBODY), hoardClear, CODA_ROOT, OPERATOR))).toBe('EACCES');
    expect(await outcome(call(as(SOMEBODY), hoardAdd, CODA_ROOT, { ...added, name: './d' }))).toBe('EACCES');
    await call(as(SOMEBODY), hoardClear, CODA_ROOT, ALL_USERS);
    expect(await list('listed')).toHaveLength(1);
  });
});

describe('the output file of a listing', () => {
  const refused = (outFile: string) => outcome(call(as(), hoardList, CODA_ROOT, { outFile, uid: ALL_USERS }));

  it('is new, and for its owner only', async () => {
    const file = join(directory, 'new');
    writeFileSync(file, 'before', { mode: 0o644 });
    await list('new');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('before');
  });

  it('is no link, and what a link leads to stays as it is', async () => {
    const target = join(directory, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, join(directory, 'link'));
    expect(await refused(join(directory, 'link'))).toBe('EACCES');
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });

  it('is not where others could replace it, nor anywhere but at an absolute path', async () => {
    const open = join(directory, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(await refused(join(open, 'file'))).toBe('EACCES');
    expect(await refused('file')).toBe('EINVAL');
    expect(await refused(join(directory, 'not', 'there'))).toBe('ENOENT');
  });
});

describe('the routes of hoarding', () => {
  it('add all entries or none, with what they leave out', async () => {
    const http = await hoard();
    const good = entry('./d', { expansion: 'descendants', exclude: ['b'] });
    expect(await http.add([good, entry('./gone')])).toBe(2);
    expect(await outcome(http.add([entry('./one'), entry('./two', { realm: 'elsewhere' })]))).toBe('EINVAL');
    expect(await outcome(http.add([entry('./one'), entry('./two', { exclude: ['['] })]))).toBe('bad-request');
    const entries = await collect(http.entries());
    expect(entries.map(({ name, exclude, path }) => [name, exclude, path])).toEqual([
      ['./d', ['b'], `/coda/${REALM}/d`],
      ['./gone', [], `/coda/${REALM}/gone`],
    ]);
  });

  it('walk with reports of how far it has come, and tell what is here', async () => {
    const http = await hoard();
    expect(await http.walk(() => undefined)).toMatchObject({ isPeriodic: false, result: 'done' });
    const problems: unknown[] = [];
    const state = http.state({ problems: true });
    let next = await state.next();
    for (; !next.done; next = await state.next()) problems.push([next.value.path, next.value.reason]);
    expect(problems).toEqual([[`/coda/${REALM}/gone`, 'no such name']]);
    expect(next.value).toMatchObject({
      entries: 2,
      present: { objects: 2, bytes: 13 },
      missing: { objects: 1 },
    });
  });

  it('plan without changing anything', async () => {
    const http = await hoard();
    const before = venus().realm.client.tree.cache.inventory.size;
    const plan = await http.plan([entry('./d', { expansion: 'children', priority: 900 })], {
      replace: true,
      progress: () => undefined,
    });
    expect(plan).toMatchObject({
      priorities: [{ priority: 900, entries: 1, bytes: 26 }],
      evicted: { objects: 0 },
      unfit: { objects: 0 },
      unknown: { objects: 0 },
    });
    expect(venus().realm.client.tree.cache.inventory.size).toBe(before);
    expect((await collect(http.entries())).length).toBe(2);
  });

  it('explain why something is here', async () => {
    const http = await hoard();
    expect(await http.explain(`/${REALM}/d/a`)).toMatchObject({
      path: `/coda/${REALM}/d/a`,
      type: 'file',
      isCached: true,
      hoard: { priority: 100, uid: OPERATOR, entries: [{ name: './d', isExpanded: true }] },
      weights: { hoard: 75, recency: 25 },
      pinned: [],
    });
    expect(await outcome(http.explain(`/${REALM}/nothing`))).toBe('ENOENT');
  });

  it('tell what fills the cache', async () => {
    const facts = await (await hoard()).facts();
    expect(facts.filledBy.hoarded).toBeGreaterThan(0);
    const { unsent, open, hoarded, other } = facts.filledBy;
    expect(unsent + open + hoarded + other).toBe(facts.used.bytes);
    expect(facts.entries.count).toBe(2);
    expect(facts.walks.last).toMatchObject({ result: 'done' });
  });
});
