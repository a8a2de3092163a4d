import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccessEntry, type AccessList, formatAcl, parseAcl } from '../../src/acl/accessList.ts';
import { mergeAcl, sameAcl, sameName } from '../../src/acl/mergeAcl.ts';
import { parseRights } from '../../src/acl/rights.ts';
import { readRecordings, readRuns } from '../support/recordings.ts';

const present = parseAcl('2\n1\nSystem:AnyUser\t9\njan\t127\nbad\t1\n', 'reply');

/** `Jan rl new all` as entries. */
function typed(words: readonly string[]): readonly AccessEntry[] {
  return words.flatMap((name, at) => {
    const rights = at % 2 === 0 ? parseRights(words[at + 1] ?? '-') : undefined;
    return rights === undefined ? [] : [{ name, rights }];
  });
}

const entry = fc.record({
  name: fc.constantFrom('a', 'A', 'b', 'B', 'c', 'ä', 'Ä'),
  rights: fc.nat({ max: 3 }),
});
const changes = fc.array(entry, { maxLength: 8 });
const entries = fc.uniqueArray(
  entry.filter(({ rights }) => rights !== 0),
  { maxLength: 5, comparator: (one, other) => sameName(one.name, other.name) },
);
const list: fc.Arbitrary<AccessList> = fc.record({ positive: entries, negative: entries });
const side = fc.constantFrom('positive', 'negative');

describe('setacl puts changes into the list that is there', () => {
  test('cfs sa . Jan rl new all bad none', () => {
    const merged = mergeAcl(present, typed('Jan rl new all bad none'.split(' ')), 'positive');
    expect(formatAcl(merged, 'request')).toBe('3\n1\nSystem:AnyUser 9\njan 9\nnew 127\nbad 1\n');
  });

  test('cfs sa -negative . new wid', () => {
    const merged = mergeAcl(present, typed(['new', 'wid']), 'negative');
    expect(formatAcl(merged, 'request')).toBe('2\n2\nSystem:AnyUser 9\njan 127\nbad 1\nnew 22\n');
  });

  test('rights of none remove', () => {
    const merged = mergeAcl(present, typed(['JAN', 'none']), 'positive');
    expect(formatAcl(merged, 'request')).toBe('1\n1\nSystem:AnyUser 9\nbad 1\n');
  });

  test('of two changes to a name the later one counts, in the spelling that came first', () => {
    const merged = mergeAcl(present, typed(['Eva', 'rl', 'EVA', 'w']), 'positive');
    expect(merged.positive.at(-1)).toEqual({ name: 'Eva', rights: 2 });
    expect(mergeAcl(present, typed(['Eva', 'rl', 'EVA', 'none']), 'positive')).toEqual(present);
  });

  test('names are the same in any case of ASCII letters, and only of those', () => {
    expect(sameName('System:AnyUser', 'system:anyuser')).toBe(true);
    expect(sameName('ä', 'Ä')).toBe(false);
    expect(sameName('K', '\u212a')).toBe(false);
    expect(sameName('a', 'a ')).toBe(false);
  });

  test('the same change a second time changes nothing', () => {
    fc.assert(
      fc.property(list, changes, side, (before, change, where) => {
        const once = mergeAcl(before, change, where);
        expect(mergeAcl(once, change, where)).toEqual(once);
      }),
    );
  });

  test('names that no change is about, and the other half, stay as they are', () => {
    fc.assert(
      fc.property(list, changes, side, (before, change, where) => {
        const after = mergeAcl(before, change, where);
        const other = where === 'positive' ? 'negative' : 'positive';
        const untouched = ({ name }: AccessEntry) => !change.some((one) => sameName(one.name, name));
        expect(after[other]).toEqual(before[other]);
        expect(after[where].filter(untouched)).toEqual(before[where].filter(untouched));
      }),
    );
  });

  test('every name has the rights of the last change about it', () => {
    fc.assert(
      fc.property(list, changes, side, (before, change, where) => {
        const after = mergeAcl(before, change, where);
        for (const { name } of change) {
          const last = change.findLast((one) => sameName(one.name, name));
          const found = after[where].filter((one) => sameName(one.name, name)).map(({ rights }) => rights);
          expect(found).toEqual(last?.rights === 0 ? [] : [last?.rights]);
        }
      }),
    );
  });

  test('the lists that are given are not changed', () => {
    const before = structuredClone(present);
    mergeAcl(present, typed(['jan', 'none', 'new', 'rl']), 'positive');
    expect(present).toEqual(before);
  });
});

describe('recorded runs of setacl', () => {
  const byIndex = new Map(readRecordings().map((recording) => [recording.index, recording]));
  const text = (bytes: Uint8Array | undefined) =>
    Buffer.from(bytes ?? [])
      .toString()
      .replace(/\0.*/s, '');

  /** Those that stored a list, after reading the one before unless -clear was given. */
  const stored = readRuns().flatMap(({ argv, pioctls }) => {
    const [first, second] = pioctls.map((index) => byIndex.get(index));
    const [tool, subcommand, ...words] = argv;
    if (tool !== 'cfs' || subcommand !== 'sa') return [];
    if (words[0] === '-clear' && first?.opcode === 1)
      return [{ words, before: '0\n0\n', after: text(first.input) }];
    if (second?.opcode !== 1) return [];
    return [{ words, before: text(first?.output), after: text(second.input) }];
  });

  test('are ten', () => {
    expect(stored).toHaveLength(10);
  });

  test.each(stored)('cfs sa $words: the list that was sent comes out', ({ words, before, after }) => {
    const pairs = words.filter((word) => !word.startsWith('-')).slice(1);
    const where = words[0] === '-negative' ? 'negative' : 'positive';
    const merged = mergeAcl(parseAcl(before, 'reply'), typed(pairs), where);
    expect(formatAcl(merged, 'request')).toBe(after);
  });
});

describe('two lists are the same', () => {
  test('whatever their order is', () => {
    const other = { ...present, positive: present.positive.toReversed() };
    expect(sameAcl(present, other)).toBe(true);
    expect(sameAcl(present, present)).toBe(true);
  });

  test.each([
    ['other rights', '2\n1\nSystem:AnyUser\t9\njan\t126\nbad\t1\n'],
    ['another spelling', '2\n1\nSystem:AnyUser\t9\nJan\t127\nbad\t1\n'],
    ['an entry more', '3\n1\nSystem:AnyUser\t9\njan\t127\nx\t1\nbad\t1\n'],
    ['an entry in the other half', '1\n2\nSystem:AnyUser\t9\njan\t127\nbad\t1\n'],
    ['no negative entries', '2\n0\nSystem:AnyUser\t9\njan\t127\n'],
  ])('but not with %s', (_, text) => {
    expect(sameAcl(present, parseAcl(text, 'reply'))).toBe(false);
    expect(sameAcl(parseAcl(text, 'reply'), present)).toBe(false);
  });
});
