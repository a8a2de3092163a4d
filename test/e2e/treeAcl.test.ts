import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRealm } from './support.ts';

let realm: TestRealm;

beforeAll(async () => {
  realm = await TestRealm.start();
  await realm.addUser('raiff', '--administrator');
  await realm.addUser('jan');
  await realm.login('raiff');
  await realm.ok('coda', ['mkdir', '-p', ...paths('wide', 40), 'deep/a/b/c/d', 'other']);
  await realm.ok('coda', ['ln', '-s', '../other', 'deep/link']);
});
afterAll(() => realm.end());

function paths(top: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${top}/d${index % 8}/e${index}`);
}

async function directoriesWith(entry: string, top: string): Promise<readonly string[]> {
  const listing = await realm.ok('cfs', ['la', '-R', top]);
  const blocks = listing.split(/^(?=\n)/m).map((block) => block.trim());
  return blocks.filter((block) => block.includes(entry)).map((block) => block.slice(0, block.indexOf(':')));
}

describe('cfs la -R', () => {
  it('lists every directory of a tree, parents before what is in them', async () => {
    const listing = await realm.ok('cfs', ['la', '-R', 'wide']);
    const names = [...listing.matchAll(/^(.*):$/gm)].map(([, name]) => name ?? '');
    expect(names).toHaveLength(49);
    expect(names[0]).toBe('wide');
    for (const name of names.slice(1)) {
      expect(names.indexOf(name.slice(0, name.lastIndexOf('/')))).toBeLessThan(names.indexOf(name));
    }
  });

  it('prints a line of JSON for each directory', async () => {
    const lines = (await realm.ok('cfs', ['la', '-R', '--json', 'deep'])).trim().split('\n');
    const documents = lines.map((line): unknown => JSON.parse(line));
    expect(documents).toHaveLength(5);
    expect(documents[0]).toMatchObject({ path: 'deep', negative: [] });
  });
});

describe('cfs sa -R', () => {
  it('changes whole trees, follows no links, and says how many it changed', async () => {
    const finished = await realm.run('cfs', ['sa', '-R', 'deep', 'jan', 'rlidw']);
    expect(finished).toMatchObject({ status: 0, stdout: '', stderr: 'changed 5 of 5 directories\n' });
    expect(await directoriesWith('jan  rlidw', 'deep')).toEqual([
      'deep',
      'deep/a',
      'deep/a/b',
      'deep/a/b/c',
      'deep/a/b/c/d',
    ]);
    expect(await directoriesWith('jan', 'other')).toEqual([]);
  });

  it('stores nothing where nothing differs', async () => {
    const finished = await realm.run('cfs', ['sa', '-R', 'deep', 'jan', 'rlidw']);
    expect(finished).toMatchObject({ status: 0, stderr: 'changed 0 of 5 directories\n' });
  });

  it('shows each difference with --dry-run, and changes nothing', async () => {
    const finished = await realm.run('cfs', ['sa', '-R', '--dry-run', 'deep/a/b', 'jan', 'rl']);
    expect(finished).toMatchObject({ status: 0, stderr: 'would change 3 of 3 directories\n' });
    expect(finished.stdout).toBe(
      ['deep/a/b', 'deep/a/b/c', 'deep/a/b/c/d']
        .map((path) => `${path}:\n  - jan rlidw\n  + jan rl\n`)
        .join(''),
    );
    expect(await directoriesWith('jan  rlidw', 'deep')).toHaveLength(5);
  });

  it('goes on after a directory that fails, and says how many did', async () => {
    await realm.login('jan', 1002);
    const asJan = { CODA_UID: '1002' };
    // Jan may change the list of deep/a/b only.
    await realm.ok('cfs', ['sa', 'deep/a/b', 'jan', 'all']);
    const finished = await realm.run('cfs', ['sa', '-R', 'deep/a', 'System:AnyUser', 'l'], { env: asJan });
    expect(finished.status).toBe(1);
    expect(finished.stderr.split('\n').filter((line) => line.endsWith(': Permission denied'))).toEqual([
      'deep/a: Permission denied',
      'deep/a/b/c: Permission denied',
      'deep/a/b/c/d: Permission denied',
    ]);
    expect(finished.stderr).toContain('changed 1 of 4 directories, 3 failed\n');
  });

  it('crosses mount points, and is not caught by a volume that is mounted in itself', async () => {
    await realm.ok('coda', ['realm', 'volume', 'create', 'loop']);
    await realm.ok('cfs', ['mkmount', 'other/vol', 'loop']);
    await realm.ok('cfs', ['mkmount', 'other/vol/again', 'loop']);
    const finished = await realm.run('cfs', ['sa', '-R', 'other', 'jan', 'rl']);
    expect(finished).toMatchObject({ status: 0, stderr: 'changed 2 of 2 directories\n' });
  });

  it('sets a thousand lists, each read back right', async () => {
    await realm.ok('coda', ['mkdir', '-p', ...paths('thousand', 991)]);
    const finished = await realm.run('cfs', ['sa', '-R', '-negative', 'thousand', 'jan', 'w']);
    expect(finished).toMatchObject({ status: 0, stderr: 'changed 1000 of 1000 directories\n' });
    expect(await directoriesWith('jan -w', 'thousand')).toHaveLength(1000);
  }, 120_000);
});
