import { beforeEach, describe, expect, it } from 'vitest';
import { ALL_USERS } from '../../../../src/ipc/hoardName.ts';
import type { HoardedObject, NewEntry } from '../../../../src/ipc/hoard.ts';
import { hoardState } from '../../../../src/venus/client/hoard/hoardState.ts';
import { type TestClient, useClients } from '../../../support/testClient.ts';
import { OPERATOR, REALM, ROOT, outcome, until, useRealm } from '../../support.ts';

const TOP = `/${REALM}`;
const realm = useRealm();
const open = useClients(realm);
let opened: TestClient | undefined;
const client = () => opened ?? expect.fail('no client');

beforeEach(async () => {
  opened = await open('laptop');
  const files = realm().files();
  for (const directory of ['d', 'd/sub', 'd/sub/deep', 'other'])
    await files.mkdir(`${TOP}/${directory}`, 0o755);
  for (const file of ['d/a', 'd/b.o', 'd/sub/c', 'd/sub/deep/e', 'other/f', 'top'])
    await realm().write(`${TOP}/${file}`, `contents of ${file}`);
  await files.symlink(`${TOP}/d/link`, '../other/f');
  await files.symlink(`${TOP}/d/round`, '.');
  await files.symlink(`${TOP}/d/nowhere`, 'not/there');
});

const entry = (
  name: string,
  expansion: NewEntry['expansion'] = 'none',
  more: Partial<NewEntry> = {},
): NewEntry => ({
  volume: ROOT,
  realm: REALM,
  name,
  priority: 100,
  expansion,
  exclude: [],
  ...more,
});

const add = (...entries: NewEntry[]) => client().manager.hoard.entries.add(OPERATOR, entries);
const walk = () => client().manager.hoard.walk({});

async function state(): Promise<readonly HoardedObject[]> {
  const objects: HoardedObject[] = [];
  for await (const object of hoardState(client().manager, ALL_USERS)) objects.push(object);
  return objects;
}

const states = async () =>
  Object.fromEntries(
    (await state()).map(({ path, state, reason }) => [path.replace(/^.*realm\//, ''), reason ?? state]),
  );

/** Files whose contents can be read without a server. */
async function readable(): Promise<readonly string[]> {
  const paths = ['d/a', 'd/b.o', 'd/sub/c', 'd/sub/deep/e', 'other/f', 'top'];
  const found: string[] = [];
  for (const path of paths) if ((await outcome(client().read(`${TOP}/${path}`))) === 'done') found.push(path);
  return found;
}

describe('a walk brings here', () => {
  it('what an entry names, with the way to it', async () => {
    await add(entry('./d/sub/c'));
    expect(await walk()).toMatchObject({
      result: 'done',
      fetched: { objects: 1 },
      unfetched: { objects: 0 },
    });
    await client().cut();
    expect(await readable()).toEqual(['d/sub/c']);
    expect(await client().read(`${TOP}/d/sub/c`)).toBe('contents of d/sub/c');
  });

  it('the members of a directory, and where links in it lead', async () => {
    await add(entry('./d', 'children'));
    expect((await walk()).result).toBe('done');
    await client().cut();
    expect(await readable()).toEqual(['d/a', 'd/b.o', 'other/f']);
  });

  it('all that is below a directory, whatever links lead round in it', async () => {
    await add(entry('./d', 'descendants'));
    expect((await walk()).result).toBe('done');
    await client().cut();
    expect(await readable()).toEqual(['d/a', 'd/b.o', 'd/sub/c', 'd/sub/deep/e', 'other/f']);
    expect(await outcome(client().read(`${TOP}/top`))).toBe('ETIMEDOUT');
  });

  it('not what an entry leaves out', async () => {
    await add(entry('./d', 'descendants', { exclude: ['*.o', 'deep/'] }));
    await walk();
    await client().cut();
    expect(await readable()).toEqual(['d/a', 'd/sub/c', 'other/f']);
  });

  it('what is in volumes that are mounted below', async () => {
    await realm().mountVolume('mounted');
    await realm().write(`${TOP}/mounted/inside`, 'in the other volume');
    await add(entry('.', 'descendants', { exclude: ['d', 'other'] }));
    expect((await walk()).result).toBe('done');
    await client().cut();
    expect(await client().read(`${TOP}/mounted/inside`)).toBe('in the other volume');
    expect(await readable()).toEqual(['top']);
  });

  it('what was made in a directory since the last walk, and what was changed', async () => {
    await add(entry('./d', 'children'));
    await walk();
    await realm().write(`${TOP}/d/new`, 'new');
    await realm().write(`${TOP}/d/a`, 'changed');
    await until(async () => (await states())['d/a'] === 'changed');
    expect(await walk()).toMatchObject({ result: 'done', fetched: { objects: 2 } });
    await client().cut();
    expect(await client().read(`${TOP}/d/new`)).toBe('new');
    expect(await client().read(`${TOP}/d/a`)).toBe('changed');
  });
});

describe('of what is hoarded it is said', () => {
  it('that no walk has been for it, and then that it is here', async () => {
    await client().files().lstat(TOP);
    await add(entry('./d/a'));
    expect(await states()).toEqual({ 'd/a': 'not walked' });
    await walk();
    expect(await states()).toEqual({ 'd/a': 'present' });
  });

  it('why it cannot be had', async () => {
    await add(entry('./d/gone'), entry('./top/below'), entry('./d/nowhere'), entry('./d/round/a'));
    await walk();
    expect(await states()).toEqual({
      'd/gone': 'no such name',
      'top/below': 'not a directory',
      'd/nowhere': 'no such name',
      'd/round/a': 'present',
    });
  });

  it('that servers cannot be reached', async () => {
    await client().files().lstat(TOP);
    await client().cut();
    await add(entry('./d/a'));
    expect((await walk()).result).toBe('unreachable');
    expect(await states()).toEqual({ 'd/a': 'unreachable' });
  });

  it('that it is here as long as nobody can say that it is old', async () => {
    await add(entry('./d/a'));
    await walk();
    await client().restart();
    await client().files().lstat(`${TOP}/top`);
    expect(await states()).toEqual({ 'd/a': 'unconfirmed' });
    await client().cut();
    expect(await states()).toEqual({ 'd/a': 'present' });
  });
});

describe('how much an object is hoarded', () => {
  const priority = async (path: string) => {
    const { fid } = await lookUp(path);
    return client().manager.tree.cache.inventory.find(fid)?.hoardPriority;
  };

  it('is the highest priority of the entries that bring it, also after a restart', async () => {
    await add(entry('./d', 'children', { priority: 10 }), entry('./d', 'none', { priority: 700 }));
    await add(entry('.', 'children', { priority: 300 }));
    await walk();
    expect([await priority('d'), await priority('top')]).toEqual([700, 300]);
    await client().restart();
    expect([await priority('d'), await priority('top')]).toEqual([700, 300]);
  });

  it('follows the entries without a walk', async () => {
    await add(entry('./top', 'none', { priority: 500 }));
    await walk();
    await client().manager.hoard.entries.remove(OPERATOR, entry('./top'));
    await client().manager.hoard.settled();
    expect(await priority('top')).toBe(0);
  });
});

describe('walks', () => {
  it('come by themselves, ten minutes after the last one that did', async () => {
    await add(entry('./d/a'));
    const { hoard } = client().manager;
    hoard.wake();
    expect(hoard.running).toBeUndefined();
    realm().clock.advance(600_000);
    hoard.wake();
    await until(() => hoard.lastWalk?.isPeriodic === true);
    hoard.isPeriodic = false;
    expect(hoard.nextWalk).toBeUndefined();
  });

  it('end when who asked for one has gone', async () => {
    await add(entry('./d', 'descendants'));
    const gone = new AbortController();
    client().link.before = (name) => {
      if (name === 'openFetch') gone.abort();
    };
    expect(await client().manager.hoard.walk({ gone: gone.signal })).toMatchObject({ result: 'interrupted' });
  });
});

describe('a cache that is too small for what is hoarded', () => {
  const FILE = 400;
  const CAPACITY = 1000;
  let small: TestClient | undefined;

  beforeEach(async () => {
    for (const name of ['x', 'y', 'z']) await realm().write(`${TOP}/${name}`, 'x'.repeat(FILE));
    small = await open('small', CAPACITY);
    opened = small;
  });

  it('has what is hoarded most, and says of the rest that there is no room', async () => {
    await add(entry('./x', 'none', { priority: 500 }), entry('./y', 'none', { priority: 900 }));
    await add(entry('./z', 'none', { priority: 700 }));
    expect(await walk()).toMatchObject({
      result: 'no room',
      unfetched: { objects: 1, bytes: FILE },
    });
    expect(await states()).toEqual({ y: 'present', z: 'present', x: 'no room' });
  });

  it('keeps the last part of it for what is hoarded more', async () => {
    await realm().write(`${TOP}/large`, 'x'.repeat(CAPACITY - 10));
    await add(entry('./large', 'none', { priority: 300 }));
    expect((await walk()).result).toBe('no room');
    await add(entry('./large', 'none', { priority: 400 }));
    expect((await walk()).result).toBe('done');
  });

  it('does not give up what is hoarded most for what somebody reads, but for what somebody writes', async () => {
    await add(entry('./x', 'none', { priority: 1000 }), entry('./y', 'none', { priority: 1000 }));
    await walk();
    expect(await outcome(client().read(`${TOP}/z`))).toBe('ENOSPC');
    expect(await outcome(client().write(`${TOP}/new`, 'x'.repeat(FILE)))).toBe('done');
  });

  it('passes over what is larger than all of it', async () => {
    await realm().write(`${TOP}/large`, 'x'.repeat(CAPACITY + 1));
    await add(entry('./large', 'none', { priority: 900 }), entry('./x', 'none', { priority: 500 }));
    expect((await walk()).fetched.objects).toBe(1);
    expect(await states()).toEqual({ large: 'too large', x: 'present' });
  });
});

describe('a walk for a user', () => {
  const OTHER = 2000;

  it('fetches with his token, and says where his rights end', async () => {
    await realm().addUser('other');
    await client().login('other', OTHER);
    await client()
      .session()
      .setAcl({ fid: (await lookUp('d')).fid, text: '0\n0\n' });
    await client().manager.hoard.entries.add(OTHER, [entry('./d/a'), entry('./top')]);
    await walk();
    expect(await states()).toEqual({ 'd/a': 'no rights', top: 'present' });
  });
});

const lookUp = (name: string) => client().session().lookup({ volume: ROOT, vnode: 1, unique: 1 }, name);
