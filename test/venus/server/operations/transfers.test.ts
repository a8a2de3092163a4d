import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Fid } from '../../../../src/ipc/fid.ts';
import type { StoreTarget } from '../../../../src/venus/net/fileProtocol.ts';
import { ROOT, outcome, raise, rootOf, serverDirectoryOf, useRealm } from '../../support.ts';
import { Caller, aclText } from '../caller.ts';

const realm = useRealm();
const server = () => realm().server;
const operator = () => Caller.as(realm(), 'operator');
let [directory, file]: [Fid, Fid] = [rootOf(ROOT), rootOf(ROOT)];

beforeEach(async () => {
  directory = await operator().mkdir(rootOf(ROOT), 'dir');
  file = await operator().create(directory, 'file', 'contents');
});

const asked = () => ({ credentials: operator().credentials });
const open = async (target: StoreTarget, contents = 'new') => {
  const { handle } = await server().openStore({ ...asked(), target });
  await server().storeFragment({ handle, bytes: Buffer.from(contents) });
  return handle;
};
const commit = (handle: number) => server().commitStore({ ...asked(), storeId: realm().storeId(), handle });
const openNew = () => open({ kind: 'new', directory, name: 'new', mode: 0o644 });
const openOld = () => open({ kind: 'existing', fid: file });
const containers = () =>
  readdirSync(join(serverDirectoryOf(realm().directory), 'containers'), {
    recursive: true,
    withFileTypes: true,
  }).filter((entry) => entry.isFile()).length;

describe('contents that are stored', () => {
  it('are not there before the commit, and are there as a whole after it', async () => {
    const [one, other] = [await openNew(), await openOld()];
    expect(await operator().list(directory)).toEqual(['file']);
    expect(await operator().read(file)).toBe('contents');
    const { fid } = await commit(one);
    await commit(other);
    expect([await operator().read(fid), await operator().read(file)]).toEqual(['new', 'new']);
  });

  it('of many fragments are put together in their order', async () => {
    const handle = await openOld();
    for (const part of [' one', ' two', ' three'])
      await server().storeFragment({ handle, bytes: Buffer.from(part) });
    expect(await commit(handle)).toMatchObject({ length: 'new one two three'.length });
    expect(await operator().read(file)).toBe('new one two three');
  });

  it('take no room for what they replaced, nor when they are given up', async () => {
    expect(containers()).toBe(1);
    await commit(await openOld());
    expect(containers()).toBe(1);
    await server().abandonStore({ handle: await openNew() });
    expect([containers(), await operator().list(directory)]).toEqual([1, ['file']]);
    await operator().store(file, '');
    expect([containers(), await operator().read(file)]).toEqual([0, '']);
  });

  it.each<readonly [string, string, () => Promise<number>, () => Promise<unknown>]>([
    ['the file goes', 'ENOENT', openOld, () => operator().remove(directory, 'file')],
    ['the file is made read-only', 'EACCES', openOld, () => operator().change(file, { mode: 0o444 })],
    ['the name is taken', 'EEXIST', openNew, () => operator().mkdir(directory, 'new')],
    ['the rights go', 'EACCES', openNew, () => operator().setAcl(directory, aclText([]))],
    [
      'the quota shrinks',
      'EDQUOT',
      openNew,
      () => server().setVolumeStatus({ ...asked(), volume: ROOT, maxQuota: 1 }),
    ],
  ])('are refused, and take no room, if meanwhile %s', async (_, end, begin, meanwhile) => {
    const handle = await begin();
    await meanwhile();
    const before = containers();
    expect(await outcome(commit(handle))).toBe(end);
    expect(containers()).toBe(before - 1);
    expect(await outcome(commit(handle))).toBe('ESTALE');
  });
});

describe('contents that are read', () => {
  it('are those of one version, whatever is stored meanwhile', async () => {
    const { handle, length } = await server().openFetch({ ...asked(), fid: file });
    await operator().store(file, 'something else');
    const bytes = await server().fetchFragment({ handle, offset: 0, length });
    expect(Buffer.from(bytes).toString()).toBe('contents');
    await operator().remove(directory, 'file');
    const rest = await server().fetchFragment({ handle, offset: 4, length: 100 });
    expect(Buffer.from(rest).toString()).toBe('ents');
    await server().closeFetch({ handle });
    expect(await outcome(server().fetchFragment({ handle, offset: 0, length }))).toBe('ESTALE');
  });

  it('are those of files alone', async () => {
    const link = await operator().symlink(directory, 'link', 'target');
    expect(await outcome(operator().read(directory))).toBe('EISDIR');
    expect(await outcome(operator().read(link))).toBe('EINVAL');
    expect(await outcome(operator().store(directory, 'x'))).toBe('EISDIR');
    expect(await outcome(operator().store(link, 'x'))).toBe('EINVAL');
    expect(await outcome(operator().list(file))).toBe('ENOTDIR');
    expect(await outcome(operator().create(file, 'x'))).toBe('ENOTDIR');
  });
});

describe('a transfer', () => {
  it('is not there under another number, nor of another kind', async () => {
    const { handle: fetch } = await server().openFetch({ ...asked(), fid: file });
    const store = await openOld();
    expect(await outcome(commit(fetch))).toBe('EBADF');
    expect(await outcome(server().closeFetch({ handle: store }))).toBe('EBADF');
    expect(await outcome(commit(store + 1))).toBe('ESTALE');
    expect(await outcome(server().abandonStore({ handle: 0 }))).toBe('ESTALE');
    expect(await outcome(commit(store))).toBe('done');
  });

  it('is refused while 256 others are under way, and takes no room', async () => {
    const handles: number[] = [];
    for (let at = 0; at < 255; at++)
      handles.push((await server().openFetch({ ...asked(), fid: file })).handle);
    handles.push(await openOld());
    const before = containers();
    expect(await outcome(openNew())).toBe('EMFILE');
    expect(await outcome(server().openFetch({ ...asked(), fid: file }))).toBe('EMFILE');
    expect(containers()).toBe(before);
    await commit(handles.pop() ?? raise('none was begun'));
    expect(await outcome(openOld())).toBe('done');
  });
});

describe('a symbolic link', () => {
  it.each([
    ['', 'EINVAL'],
    ['nul\0', 'EINVAL'],
    ['x'.repeat(1024), 'ENAMETOOLONG'],
    ['ü'.repeat(512), 'ENAMETOOLONG'],
    ['x'.repeat(1023), 'done'],
    ['caf\udce9', 'done'],
  ])('to %j: %s', async (target, end) => {
    expect(await outcome(operator().symlink(directory, 'link', target))).toBe(end);
    if (end === 'done') expect(await operator().lookup(directory, 'link')).toMatchObject({ target });
    else expect(await operator().list(directory)).toEqual(['file']);
  });
});
