import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestRealm } from './support.ts';

let realm: TestRealm;

const cfs = (...words: readonly string[]) => realm.run('cfs', words);
const put = (name: string) => realm.ok('coda', ['put', '-', name], { input: `${name}\n` });
const spool = () => join(realm.data, 'clients', 'venus', 'checkpoints', String(process.getuid?.()));
const base = 'test.realm__';

async function start(...options: readonly string[]): Promise<void> {
  realm = await TestRealm.start(...options);
  await realm.addUser('jan', '--administrator');
  await realm.login('jan');
  await put('there');
  await realm.ok('cfs', ['wd', '-age', '3600', '.']);
}
afterEach(() => realm.end());

describe('the format of a checkpoint', () => {
  beforeEach(() => start());

  it.each([
    [[], '.tar'],
    [['--format', 'newc'], '.cpio'],
    [['--format', 'odc'], '.cpio'],
    [['--format', 'ustar'], '.tar'],
  ])('is asked for with %j', async (words, extension) => {
    await put('new');
    const { status, stdout, stderr } = await cfs('checkpointml', ...words, '.');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toBe(`${join(spool(), base)}${extension}: 2 entries, 1 files, 4 bytes, verified\n`);
    expect(readdirSync(spool())).toContain(`${base}${extension}`);
  });

  it('is that of the copy before a purge, too', async () => {
    await put('new');
    const { status, stderr } = await cfs('purgeml', '--yes', '--format', 'newc', '.');
    expect(status).toBe(0);
    expect(stderr).toContain('.cpio: 2 entries, 1 files, 4 bytes, verified');
    expect(await realm.ok('coda', ['ls'])).toBe('there\n');
  });

  it('is refused for a file that it cannot hold, which is named, and nothing is purged', async () => {
    const name = 'n'.repeat(120);
    await put(name);
    const made = await cfs('checkpointml', '--format', 'tar', '.');
    expect(made.status).toBe(1);
    expect(made.stderr).toMatch(/^VIOC_CHECKPOINTML: n{120}: its name has 120 bytes, which do not fit$/m);
    expect(readdirSync(spool())).toEqual([]);
    expect((await cfs('purgeml', '--yes', '--format', 'tar', '.')).status).toBe(8);
    expect((await cfs('purgeml', '--yes', '.')).status).toBe(0);
  });

  it('is one of those there are', async () => {
    const { status, stdout } = await cfs('checkpointml', '--format', 'zip', '.');
    expect(status).toBe(2);
    expect(stdout).toMatch(/^Usage: cfs checkpointml/);
    expect((await cfs('purgeml', '--no-checkpoint', '--format', 'tar', '.')).status).toBe(2);
  });
});

describe('a log without contents', () => {
  beforeEach(async () => {
    await start();
    await put('other');
    await realm.ok('cfs', ['fr', '.']);
    await realm.ok('coda', ['rm', 'there']);
    await realm.ok('coda', ['mv', 'other', 'renamed']);
  });

  it('is verified with an archive that holds nothing, and purged after a yes', async () => {
    const { status, stderr } = await realm.run('cfs', ['purgeml', '.'], { input: 'y\n' });
    expect(status).toBe(0);
    expect(stderr).toContain(
      '.tar: 2 entries without contents (removals, renames, attribute changes), nothing to archive, verified\n',
    );
    expect(stderr).toContain('2 removals, renames and attribute changes go; they are nothing to archive');
    expect(await realm.ok('coda', ['ls'])).toBe('other\nthere\n');
    expect(await realm.ok('coda', ['rescue', join(spool(), `${base}.tar`), 'verify'])).toContain(
      ': verified',
    );
  });

  it('is not, with an archive that is missing or has no bytes', async () => {
    await realm.ok('cfs', ['checkpointml', '.']);
    const archive = join(spool(), `${base}.tar`);
    writeFileSync(archive, '');
    expect((await realm.run('coda', ['rescue', archive, 'verify'])).status).toBe(1);
    rmSync(archive);
    expect((await realm.run('coda', ['rescue', archive, 'verify'])).status).toBe(1);
  });

  it('has contents again with a new file', async () => {
    await put('new');
    expect((await cfs('checkpointml', '.')).stderr).toContain(': 4 entries, 1 files, 4 bytes, verified');
  });
});

it('cfs purgeml --no-checkpoint makes no copy', async () => {
  await start();
  await put('new');
  const { status, stderr } = await cfs('purgeml', '--yes', '--no-checkpoint', '.');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(existsSync(spool())).toBe(false);
  expect(await realm.ok('coda', ['ls'])).toBe('there\n');
});

it('coda up --checkpoint-format chooses the format of all that venus writes', async () => {
  await start('--checkpoint-format', 'odc');
  await put('new');
  expect((await cfs('checkpointml', '.')).stderr).toContain('.cpio: 2 entries');
  expect((await cfs('checkpointml', '--format', 'pax', '.')).stderr).toContain('.tar: 2 entries');
  expect((await realm.run('coda', ['up', '--checkpoint-format', 'zip'])).status).toBe(2);
});
