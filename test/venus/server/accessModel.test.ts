import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Fid } from '../../../src/ipc/fid.ts';
import { ROOT, outcome, rootOf, useRealm } from '../support.ts';
import { Caller, aclText } from './caller.ts';

const realm = useRealm();
const [ANY_USER, ADMINISTRATORS] = ['System:AnyUser', 'System:Administrators'];
const USERS = ['ann', 'ben', 'cai'];
const GROUPS = ['one', 'two', 'three'];
const OWNER = 'ben';

type Entries = readonly (readonly [string, number])[];
interface Case {
  /** A group and one of its members. */
  readonly memberships: readonly (readonly [string, string])[];
  readonly positive: Entries;
  readonly negative: Entries;
}

const name = fc.constantFrom(...USERS, ...GROUPS, ANY_USER, ADMINISTRATORS);
const entries = fc.array(fc.tuple(name, fc.nat({ max: 127 })), { maxLength: 6 });
const someCase: fc.Arbitrary<Case> = fc.record({
  memberships: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.tuple(fc.constantFrom(...GROUPS), fc.constantFrom(...USERS, ...GROUPS)) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...GROUPS), fc.constant(ANY_USER)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant(ADMINISTRATORS), fc.constantFrom(...USERS, ...GROUPS)) },
    ),
    { maxLength: 7 },
  ),
  positive: entries,
  negative: entries,
});

/** The letters of what somebody may do, found by trying, in ways that leave the tree as it is. */
async function found(caller: Caller, directory: Fid, file: Fid): Promise<string> {
  const ends = {
    r: await outcome(caller.read(file)),
    l: await outcome(caller.list(directory)),
    // Rights are looked at before what is asked: the one is there, the other is not empty.
    i: await outcome(caller.mkdir(directory, 'file')),
    d: await outcome(caller.remove(directory, 'full')),
    w: await outcome(caller.store(file, 'contents')),
    a: await outcome(caller.setAcl(directory, 'malformed')),
  };
  const granted = Object.entries(ends).filter(([, end]) => end !== 'EACCES');
  return granted.map(([letter]) => letter).join('');
}

/** The same by the book: positive rights less negative ones, and what no list takes away. */
function expected(who: string | undefined, { memberships, positive, negative }: Case): string {
  const all = new Set([ANY_USER, ...(who === undefined ? [] : [who])]);
  // As often as there are groups, so that each has had its turn after every other.
  for (let round = 0; round <= GROUPS.length; round++)
    for (const [group, member] of memberships) if (all.has(member)) all.add(group);
  const union = (list: Entries) =>
    list.filter(([entry]) => all.has(entry)).reduce((rights, [, more]) => rights | more, 0);
  const rights = union(positive) & ~union(negative);
  const bits = { r: 1, l: 8, i: 4, d: 16, w: 2, a: 64 };
  const kept = `${who === OWNER ? 'a' : ''}${all.has(ADMINISTRATORS) ? 'la' : ''}`;
  return Object.entries(bits)
    .filter(([letter, bit]) => (rights & bit) !== 0 || kept.includes(letter))
    .map(([letter]) => letter)
    .join('');
}

it('everybody has the rights of all that he is, less those taken from any of it', async () => {
  const { protection } = realm().store;
  const operator = Caller.as(realm(), 'operator');
  for (const user of USERS) await realm().addUser(user);
  const directory = await operator.mkdir(rootOf(ROOT), 'dir');
  const file = await operator.create(directory, 'file', 'contents');
  await operator.mkdir(await operator.mkdir(directory, 'full'), 'inner');
  await operator.change(directory, { owner: protection.user(OWNER).id });

  const join = async ({ memberships }: Case) => {
    for (const group of GROUPS) await protection.addGroup(group, []);
    for (const [group, member] of memberships) await protection.addGroup(group, [member]);
  };
  const leave = async ({ memberships }: Case) => {
    for (const group of GROUPS) await protection.removeGroup(group, []);
    const administrators = memberships.filter(([group]) => group === ADMINISTRATORS).map(([, who]) => who);
    // The groups among them have just gone.
    const users = administrators.filter((who) => USERS.includes(who));
    if (users.length > 0) await protection.removeGroup(ADMINISTRATORS, users);
  };

  await fc.assert(
    fc.asyncProperty(someCase, async (each) => {
      await join(each);
      await operator.setAcl(directory, aclText(each.positive, each.negative));
      for (const who of [...USERS, undefined]) {
        const letters = await found(Caller.as(realm(), who), directory, file);
        expect([who, letters]).toEqual([who, expected(who, each)]);
      }
      await leave(each);
    }),
    { numRuns: 50, seed: 20_261_121 },
  );
});
