import { beforeEach, describe, expect, it } from 'vitest';
import type { Fid } from '../../../../src/ipc/fid.ts';
import { ROOT, outcome, rootOf, useRealm } from '../../support.ts';
import { Caller, aclText } from '../caller.ts';

const realm = useRealm();
const operator = () => Caller.as(realm(), 'operator');
let directory: Fid = rootOf(ROOT);

beforeEach(async () => {
  directory = await operator().mkdir(rootOf(ROOT), 'dir');
  for (const name of ['ann', 'ben']) await realm().addUser(name);
  await realm().store.protection.addGroup('staff', []);
  await operator().setAcl(directory, aclText([['ann', 9]]));
});

const users = (count: number) =>
  Array.from({ length: count }, (_, at) => [at % 2 ? 'ann' : 'ben', at + 1] as const);

describe('a list that is set', () => {
  it('is answered by name, in the order of ids: groups before users', async () => {
    const positive = [
      ['ben', 1],
      ['System:AnyUser', 9],
      ['staff', 127],
      ['ann', 22],
    ] as const;
    await operator().setAcl(
      directory,
      aclText(positive, [
        ['ben', 2],
        ['staff', 4],
      ]),
    );
    expect(await operator().acl(directory)).toBe(
      '4\n2\nSystem:AnyUser\t9\nstaff\t127\nann\t22\nben\t1\nstaff\t4\nben\t2\n',
    );
  });

  it.each([
    ['no entries', '0\n0\n', '0\n0\n'],
    ['any white space between name and rights', '1\n0\nann \t  9\n', '1\n0\nann\t9\n'],
    ['no newline at its end', '1\n0\nann 11', '1\n0\nann\t11\n'],
    ['text after what it counted', '1\n0\nann 11\nben 127\n', '1\n0\nann\t11\n'],
    ['bits that have no letter', '1\n0\nann 1023\n', '1\n0\nann\t1023\n'],
    ['negative entries alone', '0\n1\nann 1\n', '0\n1\nann\t1\n'],
    ['a name on both sides', '1\n1\nann 3\nann 1\n', '1\n1\nann\t3\nann\t1\n'],
  ])('may have %s', async (_, text, answered) => {
    expect(await outcome(operator().setAcl(directory, text))).toBe('done');
    expect(await operator().acl(directory)).toBe(answered);
  });

  it('shows the number of a group that goes, which nobody can be given rights by', async () => {
    await operator().setAcl(
      directory,
      aclText([
        ['staff', 9],
        ['ann', 1],
      ]),
    );
    await realm().realmServer.removeGroup({ name: 'staff', members: [] });
    expect(await operator().acl(directory)).toBe('2\n0\n-999998\t9\nann\t1\n');
    expect(await outcome(operator().setAcl(directory, '1\n0\n-999998 9\n'))).toBe('ENOENT');
  });
});

describe('a list is refused, and the one before stays', () => {
  it.each([
    ['no text', '', 'EINVAL'],
    ['no counts', 'malformed', 'EINVAL'],
    ['one count', '1\n', 'EINVAL'],
    ['fewer entries than it says', '2\n0\nann 1\n', 'EINVAL'],
    ['a negative count', '-1\n0\n', 'EINVAL'],
    ['a count that is no whole number', '1.5\n0\nann 1\n', 'EINVAL'],
    ['a count larger than any text', '999999999999\n0\n', 'EINVAL'],
    ['an entry without rights', '1\n0\nann\n', 'EINVAL'],
    ['an entry without a name', '1\n0\n 9\n', 'EINVAL'],
    ['rights that are no number', '1\n0\nann rl\n', 'EINVAL'],
    ['a name that nobody has', '1\n0\nnobody 9\n', 'ENOENT'],
    ['a name in another case', '1\n0\nAnn 9\n', 'ENOENT'],
    ['a number for a name', '1\n0\n500 9\n', 'ENOENT'],
    ['an unknown name on the negative side', '1\n1\nann 9\nnobody 1\n', 'ENOENT'],
    ['21 entries', aclText(users(21)), 'E2BIG'],
    ['21 entries on both sides', aclText(users(10), users(11)), 'E2BIG'],
  ])('for %s', async (_, text, end) => {
    expect(await outcome(operator().setAcl(directory, text))).toBe(end);
    expect(await operator().acl(directory)).toBe('1\n0\nann\t9\n');
  });

  it('but 20 entries are taken', async () => {
    expect(await outcome(operator().setAcl(directory, aclText(users(20))))).toBe('done');
    expect(await outcome(operator().setAcl(directory, aclText(users(10), users(10))))).toBe('done');
  });

  it('where there is none: for what is no directory', async () => {
    const file = await operator().create(rootOf(ROOT), 'file');
    const link = await operator().symlink(rootOf(ROOT), 'link', 'x');
    for (const fid of [file, link]) {
      expect(await outcome(operator().setAcl(fid, aclText([])))).toBe('ENOTDIR');
      expect(await outcome(operator().acl(fid))).toBe('ENOTDIR');
    }
  });
});
