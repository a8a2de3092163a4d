import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Fid } from '../../../../src/ipc/fid.ts';
import type { Mutation, SentMutation } from '../../../../src/venus/net/mutation.ts';
import { ROOT, outcome, rootOf, serverDirectoryOf, useRealm } from '../../support.ts';
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
/** Contents on the server, and the part of a log that is to bring them there. */
interface Sent {
  readonly handle: number;
  readonly mutations: readonly Mutation[];
}
const openNew = async (contents = 'new'): Promise<Sent> => {
  const { file: vnode, unique } = await server().reserveFids({ volume: ROOT, count: 1 });
  const fid = { volume: ROOT, vnode, unique };
  const handle = await operator().send(fid, contents);
  const create = { op: 'create', parent: directory, name: 'new', fid, mode: 0o644 } as const;
  return { handle, mutations: [create, { op: 'store', fid, length: contents.length }] };
};
const openOld = async (contents = 'new'): Promise<Sent> => {
  const handle = await operator().send(file, contents);
  return { handle, mutations: [{ op: 'store', fid: file, length: contents.length }] };
};
const commit = ({ handle, mutations }: Sent) =>
  operator().performSent(
    ROOT,
    mutations,
    mutations.map(({ op }) => (op === 'store' ? handle : undefined)),
  );
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
    await commit(one);
    await commit(other);
    const { fid } = await operator().lookup(directory, 'new');
    expect([await operator().read(fid), await operator().read(file)]).toEqual(['new', 'new']);
  });

  it('of many fragments are put together in their order', async () => {
    const sent = await openOld();
    for (const part of [' one', ' two', ' three'])
      await server().storeFragment({ handle: sent.handle, bytes: Buffer.from(part) });
    await commit(sent);
    expect(await operator().status(file)).toMatchObject({ length: 'new one two three'.length });
    expect(await operator().read(file)).toBe('new one two three');
  });

  it('take no room for what they replaced, nor when they are given up', async () => {
    expect(containers()).toBe(1);
    await commit(await openOld());
    expect(containers()).toBe(1);
    await server().abandonStore({ handle: (await openNew()).handle });
    expect([containers(), await operator().list(directory)]).toEqual([1, ['file']]);
    await operator().store(file, '');
    expect([containers(), await operator().read(file)]).toEqual([0, '']);
  });

  it.each<readonly [string, string, () => Promise<Sent>, () => Promise<unknown>]>([
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
  ])('are refused if meanwhile %s, and wait to be given up', async (_, end, begin, meanwhile) => {
    const sent = await begin();
    await meanwhile();
    const before = containers();
    expect(await outcome(commit(sent))).toBe(end);
    expect(containers()).toBe(before);
    await server().abandonStore({ handle: sent.handle });
    expect(containers()).toBe(before - 1);
    expect(await outcome(commit(sent))).toBe('ESTALE');
  });

  it.each(['new', ''])('are taken at the second try without being sent again: %j', async (contents) => {
    const sent = await openOld(contents);
    await operator().change(file, { mode: 0o400 });
    expect(await outcome(commit(sent))).toBe('EACCES');
    await operator().change(file, { mode: 0o600 });
    await commit(sent);
    expect(await operator().read(file)).toBe(contents);
    expect(containers()).toBe(contents === '' ? 0 : 1);
  });

  it('are used once, though two ask for them at the same time', async () => {
    const sent = await openOld();
    const ends = await Promise.all([outcome(commit(sent)), outcome(commit(sent))]);
    expect(ends.sort()).toEqual(['ESTALE', 'done']);
    expect([containers(), await operator().read(file)]).toEqual([1, 'new']);
  });

  it('are not needed for a record that was performed before', async () => {
    const send = async () => {
      const handle = await operator().send(file, 'new');
      const storeId = { host: 4444, unique: 1 };
      const mutation = { op: 'store', fid: file, length: 3 } as const;
      const base = (await operator().status(file)).versionVector.storeId;
      return { storeId, time: 1, mutation, base, handle };
    };
    const perform = (record: SentMutation) =>
      server().reintegrate({ ...asked(), client: 'x', volume: ROOT, records: [record], known: [] });
    const first = await send();
    expect(await perform(first)).toMatchObject({ kind: 'done' });
    expect(await perform(first)).toMatchObject({ kind: 'done' });
    expect(await perform(await send())).toMatchObject({ kind: 'done' });
    expect([containers(), await operator().read(file)]).toEqual([1, 'new']);
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
    expect(await outcome(commit({ ...store, handle: fetch }))).toBe('EBADF');
    expect(await outcome(server().closeFetch({ handle: store.handle }))).toBe('EBADF');
    expect(await outcome(commit({ ...store, handle: store.handle + 1 }))).toBe('ESTALE');
    expect(await outcome(server().abandonStore({ handle: 0 }))).toBe('ESTALE');
    expect(await outcome(commit(store))).toBe('done');
  });

  it('is refused while 256 others are under way, and takes no room', async () => {
    for (let at = 0; at < 255; at++) await server().openFetch({ ...asked(), fid: file });
    const last = await openOld();
    const before = containers();
    expect(await outcome(openNew())).toBe('EMFILE');
    expect(await outcome(server().openFetch({ ...asked(), fid: file }))).toBe('EMFILE');
    expect(containers()).toBe(before);
    await commit(last);
    expect(await outcome(openOld())).toBe('done');
  });

  it('waits for its record without a file being open, so that those of a whole log can', async () => {
    const handles: number[] = [];
    for (let at = 0; at < 300; at++) {
      const { handle } = await openOld(`version ${at}`);
      await server().finishStore({ handle });
      handles.push(handle);
    }
    const [handle = 0] = handles.splice(150, 1);
    expect(await outcome(server().storeFragment({ handle, bytes: Buffer.from('more') }))).toBe('EBADF');
    await commit({ handle, mutations: [{ op: 'store', fid: file, length: 'version 150'.length }] });
    expect(await operator().read(file)).toBe('version 150');
    for (const other of handles) await server().abandonStore({ handle: other });
    expect(containers()).toBe(1);
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
