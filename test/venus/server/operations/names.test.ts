import { beforeEach, describe, expect, it } from 'vitest';
import type { Fid } from '../../../../src/ipc/fid.ts';
import { ROOT, outcome, rootOf, useRealm } from '../../support.ts';
import { Caller } from '../caller.ts';

const realm = useRealm();
const operator = () => Caller.as(realm(), 'operator');
const root = rootOf(ROOT);
let [directory, file]: [Fid, Fid] = [root, root];

beforeEach(async () => {
  directory = await operator().mkdir(root, 'dir');
  file = await operator().create(directory, 'file', 'contents');
});

const linksOf = async (fid: Fid) => (await operator().status(fid)).linkCount;
const move = (fromDirectory: Fid, fromName: string, toDirectory: Fid, toName: string) =>
  operator().rename({ fromDirectory, fromName, toDirectory, toName });

describe('the name of something new', () => {
  const makers: readonly (readonly [string, (name: string) => Promise<unknown>])[] = [
    ['file', (name) => operator().create(directory, name)],
    ['directory', (name) => operator().mkdir(directory, name)],
    ['symbolic link', (name) => operator().symlink(directory, name, 'x')],
    ['second name', (name) => operator().link(directory, name, file)],
    ['other name', (name) => operator().move(directory, 'file', name)],
  ];

  it.each([
    ['', 'EINVAL'],
    ['.', 'EINVAL'],
    ['..', 'EINVAL'],
    ['a/b', 'EINVAL'],
    ['nul\0', 'EINVAL'],
    ['x'.repeat(256), 'ENAMETOOLONG'],
    ['ü'.repeat(128), 'ENAMETOOLONG'],
    ['@sys', 'EINVAL'],
    ['bin.@cpu', 'EINVAL'],
    ['@7f000000.00000001.00000001@test.realm.', 'EINVAL'],
    ['@7F00000A.00000001.00000001@', 'EINVAL'],
  ])('cannot be %j', async (name, end) => {
    for (const [what, make] of makers) expect([what, await outcome(make(name))]).toEqual([what, end]);
    expect(await operator().list(directory)).toEqual(['file']);
  });

  it.each([
    'x'.repeat(255),
    'ü'.repeat(127),
    '...',
    '@system',
    '@7f000000.1.1@x',
    ' ',
    'line\nbreak',
    'caf\udce9',
  ])('can be %j', async (name) => {
    expect(await outcome(operator().create(directory, name))).toBe('done');
    expect(await operator().list(directory)).toContain(name);
  });

  it('is none that is there, but to rename', async () => {
    await operator().create(directory, 'other');
    const ends = await Promise.all(makers.slice(0, 4).map(([, make]) => outcome(make('other'))));
    expect(ends).toEqual(['EEXIST', 'EEXIST', 'EEXIST', 'EEXIST']);
  });

  it('is given once, however many ask at once', async () => {
    const ends = await Promise.all(
      Array.from({ length: 4 }, () => outcome(operator().create(directory, 'new'))),
    );
    expect(ends.sort()).toEqual(['EEXIST', 'EEXIST', 'EEXIST', 'done']);
  });
});

describe('a fid', () => {
  it('has an odd vnode for a directory and an even one for all else', async () => {
    const symlink = await operator().symlink(root, 'link', 'x');
    expect([directory, file, symlink].map(({ vnode }) => vnode % 2)).toEqual([1, 0, 0]);
  });

  it('is never given again', async () => {
    const seen = new Set<number>();
    for (let round = 0; round < 3; round++) {
      const made = [await operator().mkdir(root, 'a'), await operator().create(root, 'b')];
      for (const { unique } of made) {
        expect(seen).not.toContain(unique);
        seen.add(unique);
      }
      for (const name of ['a', 'b']) await operator().remove(root, name);
      for (const fid of made) expect(await outcome(operator().status(fid))).toBe('ENOENT');
    }
  });

  it.each([
    ['of another volume', { volume: ROOT + 77 }, 'ENXIO'],
    ['of another vnode', { vnode: 4444 }, 'ENOENT'],
    ['of something that was there before', { unique: 4444 }, 'ENOENT'],
  ])('%s leads nowhere', async (_, other, end) => {
    const [nowhere, noDirectory] = [
      { ...file, ...other },
      { ...directory, ...other },
    ];
    expect(await outcome(operator().status(nowhere))).toBe(end);
    expect(await outcome(operator().read(nowhere))).toBe(end);
    expect(await outcome(operator().store(nowhere, ''))).toBe(end);
    expect(await outcome(operator().change(nowhere, { mode: 0 }))).toBe(end);
    expect(await outcome(operator().create(noDirectory, 'new'))).toBe(end);
    expect(await outcome(operator().remove(noDirectory, 'file'))).toBe(end);
  });
});

describe('link counts', () => {
  it('of a directory are two and one for each directory in it', async () => {
    expect([await linksOf(root), await linksOf(directory)]).toEqual([3, 2]);
    await operator().mkdir(directory, 'inner');
    expect([await linksOf(root), await linksOf(directory)]).toEqual([3, 3]);
    await move(directory, 'inner', root, 'outer');
    expect([await linksOf(root), await linksOf(directory)]).toEqual([4, 2]);
    await operator().remove(root, 'outer');
    expect([await linksOf(root), await linksOf(directory)]).toEqual([3, 2]);
  });

  it('of a directory are right when one in it replaces another', async () => {
    for (const name of ['a', 'b']) await operator().mkdir(directory, name);
    await operator().move(directory, 'a', 'b');
    expect([await linksOf(directory), await operator().list(directory)]).toEqual([3, ['b', 'file']]);
  });

  it('of a file are those of its names, and it stays as long as it has one', async () => {
    await operator().link(directory, 'second', file);
    await operator().link(directory, 'third', file);
    expect(await linksOf(file)).toBe(3);
    await operator().remove(directory, 'file');
    expect([await linksOf(file), await operator().read(file)]).toEqual([2, 'contents']);
    await operator().create(directory, 'other');
    await operator().move(directory, 'other', 'third');
    expect([await linksOf(file), (await operator().nameOf(file)).name]).toEqual([1, 'second']);
    await operator().remove(directory, 'second');
    expect(await outcome(operator().status(file))).toBe('ENOENT');
  });
});

describe('all names of a file are in one directory', () => {
  it('so a second one elsewhere is refused', async () => {
    expect(await outcome(operator().link(root, 'second', file))).toBe('EXDEV');
    const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: undefined, maxQuota: 0 });
    expect(await outcome(operator().link(rootOf(id), 'second', file))).toBe('EXDEV');
    expect(await linksOf(file)).toBe(1);
  });

  it('so one of several does not go elsewhere, but changes where it is', async () => {
    await operator().link(directory, 'second', file);
    expect(await outcome(move(directory, 'second', root, 'second'))).toBe('EXDEV');
    expect(await outcome(operator().move(directory, 'second', 'other'))).toBe('done');
    await operator().remove(directory, 'file');
    expect(await outcome(move(directory, 'other', root, 'other'))).toBe('done');
    expect((await operator().status(file)).parent).toEqual(root);
  });

  it('and a second name is for files alone', async () => {
    const symlink = await operator().symlink(directory, 'link', 'x');
    expect(await outcome(operator().link(root, 'second', directory))).toBe('EPERM');
    expect(await outcome(operator().link(directory, 'second', symlink))).toBe('EPERM');
  });
});

describe('a rename', () => {
  it('of what is not there, or to what is, is refused', async () => {
    const mutation = { op: 'rename', fromParent: directory, toParent: root, fid: file } as const;
    const rename = (fromName: string, toName: string) =>
      outcome(operator().perform(ROOT, [{ ...mutation, fromName, toName }]));
    expect([await rename('missing', 'new'), await rename('file', 'dir')]).toEqual(['ENOENT', 'EEXIST']);
    expect(await operator().list(directory)).toEqual(['file']);
  });

  it('of a directory into itself, or into what is in it, is refused', async () => {
    const full = await operator().mkdir(directory, 'full');
    expect(await outcome(move(directory, 'full', full, 'x'))).toBe('EINVAL');
    expect(await outcome(move(root, 'dir', full, 'x'))).toBe('EINVAL');
    expect((await operator().status(full)).parent).toEqual(directory);
  });

  it('to another volume is refused', async () => {
    const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: undefined, maxQuota: 0 });
    expect(await outcome(move(directory, 'file', rootOf(id), 'file'))).toBe('EXDEV');
    expect(await operator().read(file)).toBe('contents');
  });
});
