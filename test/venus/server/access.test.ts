import { describe, expect, it } from 'vitest';
import { ALL_RIGHTS, Right, formatRights, parseRights } from '../../../src/acl/rights.ts';
import type { Fid } from '../../../src/ipc/fid.ts';
import type { Credentials } from '../../../src/venus/net/fileProtocol.ts';
import { sealToken } from '../../../src/venus/server/protection/secretToken.ts';
import { ROOT, outcome, raise, rootOf, useRealm } from '../support.ts';
import { Caller, aclText } from './caller.ts';

const realm = useRealm();
const operator = () => Caller.as(realm(), 'operator');
const rights = (letters: string) => parseRights(letters) ?? raise(`no rights: ${letters}`);

/** Something in a directory, and somebody, jan, who does something there. */
interface Scene {
  readonly jan: Caller;
  readonly directory: Fid;
  readonly file: Fid;
}

async function scene(): Promise<Scene> {
  const directory = await operator().mkdir(rootOf(ROOT), 'dir');
  const file = await operator().create(directory, 'file', 'contents');
  await operator().create(directory, 'other', 'replaced');
  await realm().addUser('jan');
  return { jan: Caller.as(realm(), 'jan'), directory, file };
}

const give = (directory: Fid, letters: string, name = 'jan') =>
  operator().setAcl(directory, aclText([[name, rights(letters)]]));

describe('what somebody does needs all of its rights and no others', () => {
  it.each<readonly [string, string, (scene: Scene) => Promise<unknown>]>([
    ['to read a file', 'r', ({ jan, file }) => jan.read(file)],
    ['to list a directory', 'l', ({ jan, directory }) => jan.list(directory)],
    ['to look a name up', 'l', ({ jan, directory }) => jan.lookup(directory, 'file')],
    ['to see the status of an object', 'l', ({ jan, file }) => jan.status(file)],
    ['to find the name of an object', 'l', ({ jan, file }) => jan.nameOf(file)],
    ['to make a file', 'i', ({ jan, directory }) => jan.create(directory, 'new')],
    ['to make a directory', 'i', ({ jan, directory }) => jan.mkdir(directory, 'new')],
    ['to make a symbolic link', 'i', ({ jan, directory }) => jan.symlink(directory, 'new', 'x')],
    ['to give a file a second name', 'i', ({ jan, directory, file }) => jan.link(directory, 'new', file)],
    ['to remove', 'd', ({ jan, directory }) => jan.remove(directory, 'file')],
    ['to rename', 'id', ({ jan, directory }) => jan.move(directory, 'file', 'new')],
    ['to replace', 'id', ({ jan, directory }) => jan.move(directory, 'file', 'other')],
    ['to store a file', 'w', ({ jan, file }) => jan.store(file, 'new contents')],
    ['to change a mode', 'w', ({ jan, file }) => jan.change(file, { mode: 0o600 })],
    ['to change a time', 'w', ({ jan, file }) => jan.change(file, { modified: 0 })],
    [
      'to change the mode of a directory',
      'w',
      ({ jan, directory }) => jan.change(directory, { mode: 0o700 }),
    ],
    ['to give a file away', 'a', ({ jan, file }) => jan.change(file, { owner: 1 })],
    ['to set the list', 'a', ({ jan, directory }) => jan.setAcl(directory, aclText([]))],
    ['to see the list', '', ({ jan, directory }) => jan.acl(directory)],
  ])('%s: %s', async (_, needed, act) => {
    const played = await scene();
    for (const letter of needed) {
      await give(played.directory, formatRights(ALL_RIGHTS & ~rights(letter)));
      expect([letter, await outcome(act(played))]).toEqual([letter, 'EACCES']);
    }
    await give(played.directory, needed);
    expect(await outcome(act(played))).toBe('done');
  });

  it('to move to another directory: d in the one, i in the other, and d there to replace', async () => {
    const { jan, directory } = await scene();
    const to = await operator().mkdir(rootOf(ROOT), 'to');
    const move = (toName: string) =>
      outcome(jan.rename({ fromDirectory: directory, fromName: 'file', toDirectory: to, toName }));
    await operator().create(to, 'present');
    for (const [from, into] of [
      ['rliwka', 'rlidwka'],
      ['rlidwka', 'rldwka'],
    ] as const) {
      await give(directory, from);
      await give(to, into);
      expect([from, into, await move('new')]).toEqual([from, into, 'EACCES']);
    }
    await give(directory, 'd');
    await give(to, 'i');
    expect([await move('present'), await move('new')]).toEqual(['EACCES', 'done']);
  });

  it('to see the state of a volume: r in its root', async () => {
    const { jan } = await scene();
    const look = () =>
      outcome(realm().server.getVolumeStatus({ credentials: jan.credentials, volume: ROOT }));
    await give(rootOf(ROOT), 'lidwka');
    expect(await look()).toBe('EACCES');
    await give(rootOf(ROOT), 'r');
    expect(await look()).toBe('done');
  });
});

describe('the list that rules', () => {
  it('over a file is that of its directory, over a directory its own', async () => {
    const { jan, directory, file } = await scene();
    const inner = await operator().mkdir(directory, 'inner');
    const deep = await operator().create(inner, 'deep', 'deep contents');
    await give(directory, 'r');
    await give(inner, '');
    expect([await jan.read(file), await outcome(jan.read(deep))]).toEqual(['contents', 'EACCES']);
    await give(directory, '');
    await give(inner, 'r');
    expect([await outcome(jan.read(file)), await jan.read(deep)]).toEqual(['EACCES', 'deep contents']);
  });

  it('over a new directory starts as that of the one it is in, and goes its own way', async () => {
    const { directory } = await scene();
    const text = aclText([['operator', 127]], [['jan', 9]]);
    await operator().setAcl(directory, text);
    const inner = await operator().mkdir(directory, 'inner');
    expect(await operator().acl(inner)).toBe(text.replaceAll(' ', '\t'));
    await give(directory, '');
    expect(await operator().acl(inner)).toBe(text.replaceAll(' ', '\t'));
  });

  it('over a new volume lets everybody read, and its owner do everything', async () => {
    await realm().addUser('jan');
    const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: 'jan', maxQuota: 0 });
    expect(await operator().acl(rootOf(id))).toBe(
      '3\n0\nSystem:AnyUser\t9\nSystem:Administrators\t127\njan\t127\n',
    );
  });
});

describe('what no list takes away', () => {
  it.each([
    ['administrators', 'operator', 'la'],
    ['the owner', 'jan', 'a'],
  ])('%s keep it: %s, %s', async (_, who, kept) => {
    const { directory, file } = await scene();
    await operator().change(directory, { owner: realm().store.protection.user('jan').id });
    await operator().setAcl(
      directory,
      aclText(
        [],
        [
          [who, ALL_RIGHTS],
          ['System:AnyUser', ALL_RIGHTS],
        ],
      ),
    );
    const caller = Caller.as(realm(), who);
    const found = {
      l: await outcome(caller.list(directory)),
      r: await outcome(caller.read(file)),
      w: await outcome(caller.store(file, '')),
      i: await outcome(caller.create(directory, 'new')),
      d: await outcome(caller.remove(directory, 'file')),
      a: await outcome(caller.setAcl(directory, aclText([]))),
    };
    const expected = Object.keys(found).map((letter) => [letter, kept.includes(letter) ? 'done' : 'EACCES']);
    expect(found).toEqual(Object.fromEntries(expected));
  });

  it('the owner of a file, who is not that of its directory, has nothing by it', async () => {
    const { jan, directory, file } = await scene();
    await operator().change(file, { owner: realm().store.protection.user('jan').id });
    await give(directory, '');
    expect(await outcome(jan.read(file))).toBe('EACCES');
    expect(await outcome(jan.change(file, { mode: 0o600 }))).toBe('EACCES');
  });

  it('the owner of a volume may set the list of its root', async () => {
    await realm().addUser('jan');
    const { id } = await realm().realmServer.createVolume({ name: 'vol', owner: 'jan', maxQuota: 0 });
    await give(rootOf(id), '', 'operator');
    expect(await outcome(Caller.as(realm(), 'jan').setAcl(rootOf(id), aclText([])))).toBe('done');
  });
});

describe('the mode of a file', () => {
  it.each([
    ['400', 'done', 'EACCES'],
    ['200', 'EACCES', 'done'],
    ['600', 'done', 'done'],
    ['177', 'EACCES', 'EACCES'],
  ])('%s counts for everybody by the bits of its owner', async (mode, read, store) => {
    const { jan, directory, file } = await scene();
    await operator().change(file, { mode: Number.parseInt(mode, 8) });
    await give(directory, 'rw');
    expect([await outcome(jan.read(file)), await outcome(jan.store(file, ''))]).toEqual([read, store]);
    await give(directory, 'rw', 'operator');
    expect(await outcome(operator().read(file))).toBe(read);
    expect(await outcome(operator().store(file, ''))).toBe(store);
  });

  it('of a directory counts for nothing', async () => {
    const { jan, directory } = await scene();
    await operator().change(directory, { mode: 0 });
    await give(directory, 'li');
    expect(await outcome(jan.create(directory, 'new'))).toBe('done');
    expect(await jan.list(directory)).toEqual(['file', 'new', 'other']);
  });
});

describe('nobody in particular', () => {
  const nobodies: readonly (readonly [string, (viceId: number) => Credentials])[] = [
    ['has no token', () => ({})],
    ['has one that has expired', (viceId) => realm().tokenOf(viceId, 0)],
    [
      'has one of another realm',
      (viceId) => ({ secret: sealToken({ viceId, ends: 2 ** 40 }, Buffer.alloc(32)) }),
    ],
    [
      'has one that is too short',
      (viceId) => ({ secret: realm().tokenOf(viceId).secret?.slice(1) ?? Buffer.alloc(0) }),
    ],
    ['has one of no bytes', () => ({ secret: new Uint8Array(0) })],
    ['has one of a user that is not there', (viceId) => realm().tokenOf(viceId + 1000)],
  ];

  it.each(nobodies)('%s, and has the rights of System:AnyUser alone', async (_, credentials) => {
    const { directory, file } = await scene();
    const administrator = realm().store.protection.user('operator').id;
    const caller = new Caller(realm(), credentials(administrator));
    await operator().setAcl(
      directory,
      aclText([
        ['operator', ALL_RIGHTS],
        ['System:AnyUser', Right.Read],
      ]),
    );
    expect(await caller.read(file)).toBe('contents');
    expect(await outcome(caller.list(directory))).toBe('EACCES');
    expect(await outcome(caller.setAcl(directory, aclText([])))).toBe('EACCES');
    await give(directory, 'r', 'System:Administrators');
    expect(await outcome(caller.read(file))).toBe('EACCES');
  });

  it('is everybody whose token ends meanwhile', async () => {
    const { jan, directory, file } = await scene();
    await give(directory, 'r');
    realm().clock.advance(25 * 3_600_000 - 1000);
    expect(await jan.read(file)).toBe('contents');
    realm().clock.advance(1000);
    expect(await outcome(jan.read(file))).toBe('EACCES');
  });

  it('owns what nobody in particular made, and has nothing by it', async () => {
    await give(rootOf(ROOT), 'rli', 'System:AnyUser');
    const nobody = Caller.as(realm());
    const made = await nobody.mkdir(rootOf(ROOT), 'made');
    expect(await nobody.status(made)).toMatchObject({ ownerName: 'System:AnyUser' });
    expect(await outcome(nobody.setAcl(made, aclText([])))).toBe('EACCES');
  });
});
