import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProtectionDatabase } from '../../../../src/venus/server/protection/protectionDatabase.ts';
import { Database } from '../../../../src/venus/store/database.ts';
import { useTemporaryDirectory } from '../../../support/temporaryDirectory.ts';
import { outcome, raise } from '../../support.ts';

const [ANY_USER, ADMINISTRATORS] = ['System:AnyUser', 'System:Administrators'];
const password = {
  salt: Buffer.alloc(16),
  hash: Buffer.alloc(32),
  cost: 2,
  blockSize: 1,
  parallelization: 1,
};
const temporary = useTemporaryDirectory();
let [database, protection]: [Database | undefined, ProtectionDatabase | undefined] = [undefined, undefined];

async function open(): Promise<void> {
  database = await Database.open(temporary('realm'));
  protection = await ProtectionDatabase.open(database);
}
async function reopen(): Promise<void> {
  await database?.close();
  await open();
}
beforeEach(open);
afterEach(() => database?.close());

const present = () => protection ?? raise('there is a database only inside a test');
const add = async (name: string, administrator = false) =>
  present().addUser(name, { password }, administrator);
const group = async (name: string, ...members: readonly string[]) => present().addGroup(name, members);
const without = (name: string, ...members: readonly string[]) => present().removeGroup(name, members);
const idOf = (name: string) => present().byName(name)?.id ?? raise(`nobody is called ${name}`);
const names = () => [...present().all()].map(({ name }) => name);
const membersOf = (name: string) => {
  const found = present().byName(name);
  return found?.kind === 'group'
    ? found.members.map((id) => present().nameOf(id))
    : raise(`no group ${name}`);
};
/** All that somebody counts as, by name. */
const counts = (name: string) =>
  [...present().identityOf(idOf(name)).counts].map((id) => present().nameOf(id)).sort();

describe('a realm', () => {
  it('has two groups from the start, which stay, and which nobody else can be called', async () => {
    expect(names()).toEqual([ANY_USER, ADMINISTRATORS]);
    for (const name of [ANY_USER, ADMINISTRATORS]) {
      expect(await outcome(without(name))).toBe('protected');
      expect(await outcome(add(name.toLowerCase()))).toBe('name-taken');
      expect(await outcome(group(name.toUpperCase()))).toBe('name-taken');
    }
    await reopen();
    expect(names()).toEqual([ANY_USER, ADMINISTRATORS]);
  });

  it('takes no members into the group that has everybody in it', async () => {
    await add('jan');
    expect(await outcome(group(ANY_USER, 'jan'))).toBe('protected');
  });

  it('keeps users, groups and members', async () => {
    await add('jan');
    await add('raiff', true);
    await group('staff', 'jan', 'raiff');
    await reopen();
    expect(names()).toEqual([ANY_USER, ADMINISTRATORS, 'staff', 'jan', 'raiff']);
    expect([membersOf('staff'), membersOf(ADMINISTRATORS)]).toEqual([['jan', 'raiff'], ['raiff']]);
  });
});

describe('ids', () => {
  it('of users are positive, of groups negative', async () => {
    await add('jan');
    await group('staff');
    expect([idOf('jan'), idOf('staff')]).toEqual([500, -999_998]);
  });

  it('are never given again, since access lists may still hold them', async () => {
    const seen = new Set<number>();
    for (let round = 0; round < 3; round++) {
      await add('jan');
      await group('staff');
      for (const name of ['jan', 'staff']) {
        expect(seen).not.toContain(idOf(name));
        seen.add(idOf(name));
      }
      await present().removeUser('jan');
      await without('staff');
      await reopen();
    }
  });

  it('are shown as numbers once nobody has them', async () => {
    const { id } = await add('jan');
    expect(present().nameOf(id)).toBe('jan');
    await present().removeUser('jan');
    expect([present().nameOf(id), present().nameOf(-42)]).toEqual(['500', '-42']);
  });
});

describe('names', () => {
  it('are compared exactly, but no two differ in case alone', async () => {
    await add('Jan');
    await group('Staff');
    expect([present().byName('jan'), present().byName('staff')]).toEqual([undefined, undefined]);
    for (const name of ['Jan', 'jan', 'JAN', 'STAFF', 'staff'])
      expect(await outcome(add(name))).toBe('name-taken');
    for (const name of ['jan', 'Jan', 'staff']) expect(await outcome(group(name))).toBe('name-taken');
    expect(await outcome(present().removeUser('jan'))).toBe('unknown-user');
  });

  it.each(['x'.repeat(100), 'ü'.repeat(50), 'System:coda', 'a.b-c_d', '5th', 'größe', '日本'])(
    'can be %j',
    async (name) => {
      expect(await outcome(add(name))).toBe('done');
      expect(present().user(name).name).toBe(name);
    },
  );

  it.each([
    '',
    'x'.repeat(101),
    'ü'.repeat(51),
    'two words',
    'tab\t',
    'line\n',
    'nul\0',
    'jan@realm',
    'a/b',
    // As a number, it would look like somebody who is gone.
    '500',
    '-999999',
    '\u0085',
    '\u00a0',
    '\u2028',
    'caf\udce9',
  ])('cannot be %j', async (name) => {
    expect([await outcome(add(name)), await outcome(group(name))]).toEqual(['bad-name', 'bad-name']);
    expect(names()).toEqual([ANY_USER, ADMINISTRATORS]);
  });
});

describe('groups', () => {
  beforeEach(async () => {
    for (const name of ['ann', 'ben', 'cai']) await add(name);
  });

  it('count for their members, and for the members of groups in them', async () => {
    await group('inner', 'ann');
    await group('middle', 'inner', 'ben');
    await group('outer', 'middle');
    expect(counts('ann')).toEqual([ANY_USER, 'ann', 'inner', 'middle', 'outer']);
    expect(counts('ben')).toEqual([ANY_USER, 'ben', 'middle', 'outer']);
    expect(counts('cai')).toEqual([ANY_USER, 'cai']);
  });

  it('may be in each other, and in themselves', async () => {
    await group('one', 'ann');
    await group('two', 'one');
    await group('one', 'two', 'one');
    expect(counts('ann')).toEqual([ANY_USER, 'ann', 'one', 'two']);
  });

  it('make administrators of all that are in them', async () => {
    await group('staff', 'ann');
    expect(present().identityOf(idOf('ann')).administrator).toBe(false);
    await group(ADMINISTRATORS, 'staff');
    expect(present().identityOf(idOf('ann')).administrator).toBe(true);
    expect(present().identityOf(idOf('ben')).administrator).toBe(false);
  });

  it('with everybody in them count for everybody, whoever he is', async () => {
    await group('world', ANY_USER);
    expect(counts('ann')).toEqual([ANY_USER, 'ann', 'world']);
    expect(counts(ANY_USER)).toEqual([ANY_USER, 'world']);
  });

  it('grow, and have nobody twice', async () => {
    await group('staff', 'ann', 'ann');
    await group('staff', 'ben', 'ann');
    expect(membersOf('staff')).toEqual(['ann', 'ben']);
  });

  it('count no more for those who are taken out', async () => {
    await group('staff', 'ann', 'ben');
    expect(counts('ann')).toContain('staff');
    await without('staff', 'ann');
    expect([counts('ann'), membersOf('staff')]).toEqual([[ANY_USER, 'ann'], ['ben']]);
  });

  it('that are removed are in no other group', async () => {
    await group('inner', 'ann');
    await group('outer', 'inner', 'ben');
    await without('inner');
    expect([counts('ann'), membersOf('outer')]).toEqual([[ANY_USER, 'ann'], ['ben']]);
  });

  it('lose users who are removed', async () => {
    await group('staff', 'ann', 'ben');
    await present().removeUser('ann');
    expect([membersOf('staff'), names()]).toEqual([
      ['ben'],
      [ANY_USER, ADMINISTRATORS, 'staff', 'ben', 'cai'],
    ]);
    await add('ann');
    expect(counts('ann')).toEqual([ANY_USER, 'ann']);
  });

  it.each([
    ['a member that is not there', 'unknown-name', () => group('staff', 'ben', 'nobody')],
    ['a new group with a member that is not there', 'unknown-name', () => group('new', 'ben', 'nobody')],
    ['the name of a user', 'name-taken', () => group('ben', 'ann')],
    ['taking out who is not in it', 'unknown-name', () => without('staff', 'ann', 'ben')],
    ['taking out who is not there', 'unknown-name', () => without('staff', 'ann', 'nobody')],
    ['removing what is not there', 'unknown-name', () => without('nothing')],
    ['removing a user as a group', 'unknown-name', () => without('ann')],
    ['removing a group as a user', 'unknown-user', () => present().removeUser('staff')],
    ['a password for a group', 'unknown-user', () => present().setPassword('staff', { password })],
  ] as const)('stay as they are after %s', async (_, code, change) => {
    await group('staff', 'ann');
    const before = names();
    expect(await outcome(change())).toBe(code);
    expect([names(), membersOf('staff')]).toEqual([before, ['ann']]);
  });
});

it('what is changed elsewhere, as by another process, is seen as soon as it is done', async () => {
  await add('jan');
  const others = await Database.open(temporary('realm'));
  const reader = await ProtectionDatabase.open(others);
  const seen = () => [...reader.identityOf(idOf('jan')).counts].map((id) => reader.nameOf(id)).sort();
  expect(seen()).toEqual([ANY_USER, 'jan']);
  await group('writers', 'jan');
  await expect.poll(seen).toEqual([ANY_USER, 'jan', 'writers']);
  await without('writers', 'jan');
  await expect.poll(seen).toEqual([ANY_USER, 'jan']);
  await others.close();
});
