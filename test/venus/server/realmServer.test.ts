import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, SERVER, outcome, rootOf, useRealm } from '../support.ts';
import { Caller, aclText } from './caller.ts';

const realm = useRealm();
const server = () => realm().realmServer;
const addUser = (name: string, password = 'changeme', administrator = false) =>
  server().addUser({ name, password, administrator });
const login = (user: string, password: string, lifetime?: number) =>
  server().login({ user, password, lifetime });
const addVolume = (name: string, owner?: string) => server().createVolume({ name, owner, maxQuota: 0 });
const volumeNames = async () => (await server().listVolumes()).map(({ name }) => name);

describe('a login', () => {
  it('gives a token that the file server takes for its user', async () => {
    await addUser('jan');
    const { secret, viceId } = await login('jan', 'changeme');
    expect((await server().nameOfUser({ viceId })).name).toBe('jan');
    await Caller.as(realm(), 'operator').setAcl(rootOf(ROOT), aclText([['jan', 127]]));
    const made = await new Caller(realm(), { secret }).mkdir(rootOf(ROOT), 'dir');
    expect(await new Caller(realm(), { secret }).status(made)).toMatchObject({
      owner: viceId,
      ownerName: 'jan',
    });
  });

  it.each([
    [undefined, 90_000],
    [1, 1],
    [3600, 3600],
    [90_000, 90_000],
    [90_001, 90_000],
    [2 ** 40, 90_000],
  ])('for %s seconds is good for %d, and from 900 before', async (lifetime, expected) => {
    await addUser('jan');
    const now = realm().clock.now() / 1000;
    const { secret, begins, ends } = await login('jan', 'changeme', lifetime);
    expect({ begins, ends }).toEqual({ begins: now - 900, ends: now + expected });
    await Caller.as(realm(), 'operator').setAcl(rootOf(ROOT), aclText([['jan', 8]]));
    const list = () => outcome(new Caller(realm(), { secret }).list(rootOf(ROOT)));
    realm().clock.advance(expected * 1000 - 1);
    expect(await list()).toBe('done');
    realm().clock.advance(1);
    expect(await list()).toBe('EACCES');
  });

  it.each([
    ['a wrong password', 'jan', 'guess', 'wrong-password'],
    ['no password', 'jan', '', 'wrong-password'],
    ['the password of somebody else', 'jan', 'other', 'wrong-password'],
    ['a user that is not there', 'nobody', 'changeme', 'unknown-user'],
    ['a name in another case', 'Jan', 'changeme', 'unknown-user'],
    ['a group', 'System:Administrators', '', 'unknown-user'],
  ])('with %s is refused', async (_, user, password, code) => {
    await addUser('jan');
    await addUser('piet', 'other');
    expect(await outcome(login(user, password))).toBe(code);
  });
});

describe('a password', () => {
  it('is changed by who knows it', async () => {
    await addUser('jan');
    const request = { user: 'jan', oldPassword: 'changeme', newPassword: 'a new one' };
    expect(await outcome(server().changePassword(request))).toBe('done');
    expect(await outcome(login('jan', 'a new one'))).toBe('done');
    expect(await outcome(login('jan', 'changeme'))).toBe('wrong-password');
  });

  it.each([
    ['by who does not know it', { user: 'jan', oldPassword: 'guess', newPassword: 'new' }, 'wrong-password'],
    ['of nobody', { user: 'nobody', oldPassword: 'changeme', newPassword: 'new' }, 'unknown-user'],
    ['to nothing', { user: 'jan', oldPassword: 'changeme', newPassword: '' }, 'bad-request'],
  ])('is not changed %s', async (_, request, code) => {
    await addUser('jan');
    expect(await outcome(server().changePassword(request))).toBe(code);
    expect(await outcome(login('jan', 'changeme'))).toBe('done');
  });

  it('is set again by the operator, who need not know it', async () => {
    await addUser('jan');
    expect(await outcome(server().resetPassword({ name: 'jan', password: 'set again' }))).toBe('done');
    expect(await outcome(login('jan', 'set again'))).toBe('done');
    expect(await outcome(login('jan', 'changeme'))).toBe('wrong-password');
    expect(await outcome(server().resetPassword({ name: 'jan', password: '' }))).toBe('bad-request');
    expect(await outcome(server().resetPassword({ name: 'nobody', password: 'x' }))).toBe('unknown-user');
  });

  it('is nowhere on the disk, nor are those before it', async () => {
    await addUser('jan', 'first-password');
    const change = { user: 'jan', oldPassword: 'first-password', newPassword: 'second-password' };
    await server().changePassword(change);
    await server().resetPassword({ name: 'jan', password: 'third-password' });
    const files = readdirSync(realm().directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
    const holding = (text: string) => files.filter((bytes) => bytes.includes(text)).length;
    expect(holding('jan')).toBeGreaterThan(0);
    for (const encoding of ['utf8', 'utf16le', 'base64'] as const)
      for (const which of ['first', 'second', 'third'])
        expect([which, holding(Buffer.from(`${which}-password`).toString(encoding))]).toEqual([which, 0]);
  });
});

describe('users', () => {
  it('are listed with the groups they are in', async () => {
    await addUser('jan');
    await addUser('raiff', 'changeme', true);
    await server().addGroup({ name: 'staff', members: ['jan', 'raiff'] });
    expect((await server().listUsers()).map(({ name, groups }) => [name, ...groups])).toEqual([
      ['operator', 'System:Administrators'],
      ['jan', 'staff'],
      ['raiff', 'System:Administrators', 'staff'],
    ]);
  });

  it('that are removed log in no more, and their tokens are worth nothing', async () => {
    await addUser('jan');
    const caller = new Caller(realm(), { secret: (await login('jan', 'changeme')).secret });
    await Caller.as(realm(), 'operator').setAcl(rootOf(ROOT), aclText([['jan', 127]]));
    expect(await outcome(caller.list(rootOf(ROOT)))).toBe('done');
    await server().removeUser({ name: 'jan' });
    expect(await outcome(caller.list(rootOf(ROOT)))).toBe('EACCES');
    expect(await outcome(login('jan', 'changeme'))).toBe('unknown-user');
    expect(await Caller.as(realm(), 'operator').acl(rootOf(ROOT))).toBe('1\n0\n501\t127\n');
    await addUser('jan');
    const again = new Caller(realm(), { secret: (await login('jan', 'changeme')).secret });
    expect(await outcome(again.list(rootOf(ROOT)))).toBe('EACCES');
  });

  it('with an empty password are not made', async () => {
    expect(await outcome(addUser('jan', ''))).toBe('bad-request');
    expect((await server().listUsers()).map(({ name }) => name)).toEqual(['operator']);
  });

  it('of a name that is there are made once, however many ask at once', async () => {
    const ends = await Promise.all(['jan', 'Jan', 'jan'].map((name) => outcome(addUser(name))));
    expect(ends.sort()).toEqual(['done', 'name-taken', 'name-taken']);
  });

  it('that are not there have no name', async () => {
    expect(await server().nameOfUser({ viceId: 12_345 })).toEqual({ name: undefined });
  });
});

describe('groups', () => {
  it('are listed with the names of their members', async () => {
    await addUser('jan');
    await server().addGroup({ name: 'inner', members: ['jan'] });
    await server().addGroup({ name: 'outer', members: ['inner', 'operator'] });
    await server().removeGroup({ name: 'outer', members: ['operator'] });
    const listed = (await server().listGroups()).map(({ name, members }) => [name, ...members]);
    expect(listed).toEqual([
      ['System:AnyUser'],
      ['System:Administrators', 'operator'],
      ['inner', 'jan'],
      ['outer', 'inner'],
    ]);
    await server().removeGroup({ name: 'inner', members: [] });
    expect((await server().listGroups()).at(-1)).toMatchObject({ name: 'outer', members: [] });
  });
});

describe('volumes', () => {
  it('have ids of their own, and are found by id and by name', async () => {
    const one = await addVolume('one');
    const two = await addVolume('two');
    expect([one.id, two.id]).toEqual([ROOT + 1, ROOT + 2]);
    expect(one.replicas).toEqual([{ server: SERVER.name, address: SERVER.address, volume: 0x01000001 }]);
    expect(await server().locateVolume({ id: one.id })).toEqual({ location: one });
    expect(await server().locateVolume({ name: 'two' })).toEqual({ location: two });
    expect(await server().locateVolume({ name: 'three' })).toEqual({ location: undefined });
    expect(await server().locateVolume({ id: ROOT + 3 })).toEqual({ location: undefined });
    expect(await volumeNames()).toEqual(['/', 'one', 'two']);
  });

  it.each(['x'.repeat(31), 'ü'.repeat(15), 'vol/ume', 'u.jan', 'VOL'])('can be called %j', async (name) => {
    expect(await outcome(addVolume(name))).toBe('done');
    expect(await volumeNames()).toEqual(['/', name]);
  });

  it.each([
    '',
    'x'.repeat(32),
    'ü'.repeat(16),
    'two words',
    'a@b',
    '#a',
    'a$b',
    'line\n',
    'nul\0',
    'caf\udce9',
  ])('cannot be called %j', async (name) => {
    expect(await outcome(addVolume(name))).toBe('bad-name');
    expect(await volumeNames()).toEqual(['/']);
  });

  it('of a name that is there are made once, however many ask at once', async () => {
    const ends = await Promise.all(Array.from({ length: 4 }, () => outcome(addVolume('vol'))));
    expect(ends.sort()).toEqual(['done', 'name-taken', 'name-taken', 'name-taken']);
    expect(await volumeNames()).toEqual(['/', 'vol']);
  });

  it('for an owner that is not there are not made', async () => {
    expect(await outcome(addVolume('vol', 'nobody'))).toBe('unknown-user');
    expect(await outcome(addVolume('vol', 'System:AnyUser'))).toBe('unknown-user');
    expect(await volumeNames()).toEqual(['/']);
  });

  it('that no server could make are not in the list, and can be made later', async () => {
    realm().network.cut('realm', SERVER.name);
    expect(await outcome(addVolume('vol'))).toBe('unreachable');
    expect(await volumeNames()).toEqual(['/']);
    realm().network.heal('realm', SERVER.name);
    const { id } = await addVolume('vol');
    expect((await Caller.as(realm()).status(rootOf(id))).fid).toEqual(rootOf(id));
  });
});

it('servers are known by name and address', async () => {
  expect(await server().listServers()).toEqual([SERVER]);
});
