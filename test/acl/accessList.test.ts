import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AccessEntry,
  type AccessList,
  AclLimitError,
  AclTextError,
  checkAcl,
  formatAcl,
  parseAcl,
} from '../../src/acl/accessList.ts';
import { i32 } from '../support/arbitraries.ts';

const example: AccessList = {
  positive: [
    { name: 'System:AnyUser', rights: 9 },
    { name: 'jan', rights: 127 },
  ],
  negative: [{ name: 'bad', rights: 1 }],
};
const AS_ANSWERED = '2\n1\nSystem:AnyUser\t9\njan\t127\nbad\t1\n';
const AS_SENT = '2\n1\nSystem:AnyUser 9\njan 127\nbad 1\n';
const EMPTY: AccessList = { positive: [], negative: [] };

describe('the text of an access list', () => {
  test('has TABs as venus answers it, and blanks as it is sent', () => {
    expect(formatAcl(example, 'reply')).toBe(AS_ANSWERED);
    expect(formatAcl(example, 'request')).toBe(AS_SENT);
    expect(parseAcl(AS_ANSWERED, 'reply')).toEqual(example);
    expect(parseAcl(AS_SENT, 'request')).toEqual(example);
  });

  test('of an empty list is two zeros', () => {
    expect(formatAcl(EMPTY, 'request')).toBe('0\n0\n');
    expect(parseAcl('0\n0\n', 'reply')).toEqual(EMPTY);
    expect(parseAcl('0\n0', 'reply')).toEqual(EMPTY);
  });

  test('leaves out of a request what has no rights, and does not count it', () => {
    const list: AccessList = {
      positive: [{ name: 'gone', rights: 0 }, ...example.positive],
      negative: [{ name: 'also', rights: 0 }],
    };
    expect(formatAcl(list, 'request')).toBe('2\n0\nSystem:AnyUser 9\njan 127\n');
    expect(formatAcl(list, 'reply')).toBe('3\n1\ngone\t0\nSystem:AnyUser\t9\njan\t127\nalso\t0\n');
  });

  test('as answered is read back as the list it was', () => {
    const name = fc.string({ unit: 'grapheme' }).filter((text) => !/[\n\t]/.test(text));
    const entries = fc.array(fc.record({ name, rights: i32 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.record({ positive: entries, negative: entries }), (list) => {
        expect(parseAcl(formatAcl(list, 'reply'), 'reply')).toEqual(list);
      }),
    );
  });

  test('as sent is read back as the list it was, without entries that have no rights', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/\s/.test(text));
    const entries = fc.array(fc.record({ name, rights: i32 }), { maxLength: 8 });
    const kept = (side: readonly AccessEntry[]) => side.filter(({ rights }) => rights !== 0);
    fc.assert(
      fc.property(fc.record({ positive: entries, negative: entries }), ({ positive, negative }) => {
        const text = formatAcl({ positive, negative }, 'request');
        expect(parseAcl(text, 'request')).toEqual({ positive: kept(positive), negative: kept(negative) });
      }),
    );
  });
});

describe('what venus answers', () => {
  test('may have names with blanks, ids, and rights beyond the letters', () => {
    expect(parseAcl('3\n0\nSystem Users\t9\n-204\t255\n1076\t0\n', 'reply').positive).toEqual([
      { name: 'System Users', rights: 9 },
      { name: '-204', rights: 255 },
      { name: '1076', rights: 0 },
    ]);
  });

  test('may have text behind its last entry', () => {
    expect(parseAcl(`${AS_ANSWERED}more\nof it`, 'reply')).toEqual(example);
  });

  test('counts as no rights where they are no number, as C reads it', () => {
    expect(parseAcl('1\n0\njan\tjunk\n', 'reply').positive).toEqual([{ name: 'jan', rights: 0 }]);
    expect(parseAcl('1\n0\njan\t9junk\n', 'reply').positive).toEqual([{ name: 'jan', rights: 9 }]);
  });

  test('is cut at the first TAB of an entry', () => {
    expect(parseAcl('1\n0\na b\t9\tc\n', 'reply').positive).toEqual([{ name: 'a b', rights: 9 }]);
  });

  test.each([
    ['nothing', ''],
    ['no counts', 'garbage'],
    ['one count', '1\n'],
    ['both counts in one line', '1 0\njan\t9\n'],
    ['a negative count', '-1\n0\n'],
    ['half a count', '0.5\n0\n'],
    ['a blank count', ' \n0\n'],
    ['an immense count', '1e9\n0\n'],
    ['fewer entries than it counts', '2\n0\njan\t9\n'],
    ['fewer negative entries than it counts', '1\n1\njan\t9\n'],
    ['no TAB in an entry', '1\n0\njan 9\n'],
    ['nothing behind the TAB', '1\n0\njan\t\n'],
  ])('is ill-formed with %s', (_, text) => {
    expect(() => parseAcl(text, 'reply')).toThrow(AclTextError);
  });
});

describe('what is sent', () => {
  test('may have any white space between name and rights', () => {
    expect(parseAcl('2\n0\njan \t 9\n  eva 1\n', 'request').positive).toEqual([
      { name: 'jan', rights: 9 },
      { name: 'eva', rights: 1 },
    ]);
  });

  test.each([
    ['no rights', '1\n0\njan\n'],
    ['rights that are no number', '1\n0\njan rl\n'],
    ['only rights', '1\n0\n 9\n'],
    ['an entry too few', '1\n1\njan 9\n'],
    ['counts on one line', '1 1\njan 9\nbad 1\n'],
  ])('is ill-formed with %s', (_, text) => {
    expect(() => parseAcl(text, 'request')).toThrow(AclTextError);
  });
});

describe('a list that servers do not take is refused before it is sent', () => {
  const users = (count: number, rights = 1): readonly AccessEntry[] =>
    Array.from({ length: count }, (_, at) => ({ name: `u${at}`, rights }));
  const refused = (list: AccessList, message: string) => {
    expect(() => checkAcl(list)).toThrow(AclLimitError);
    expect(() => checkAcl(list)).toThrow(message);
  };

  test('with more than 20 entries, positive and negative together', () => {
    expect(() => checkAcl({ positive: users(20), negative: [] })).not.toThrow();
    expect(() => checkAcl({ positive: users(12), negative: users(8) })).not.toThrow();
    refused({ positive: users(21), negative: [] }, 'Argument list too long');
    refused({ positive: users(12), negative: users(9) }, 'Argument list too long');
  });

  test('but entries without rights do not count', () => {
    expect(() => checkAcl({ positive: users(20), negative: users(20, 0) })).not.toThrow();
  });

  /** A list whose text has so many bytes with its NUL. */
  function listOf(bytes: number): AccessList {
    const wide = Array.from({ length: 9 }, (_, at) => ({ name: `${at}`.padEnd(98, 'x'), rights: 1 }));
    const rest = bytes - '10\n0\n'.length - 9 * '98 characters, blank, digit, newline'.padEnd(101).length - 1;
    return { positive: [...wide, { name: 'y'.repeat(rest - ' 1\n'.length), rights: 1 }], negative: [] };
  }

  test('with more than 1000 bytes of text, its NUL included', () => {
    expect(formatAcl(listOf(1000), 'request')).toHaveLength(999);
    expect(() => checkAcl(listOf(1000))).not.toThrow();
    refused(listOf(1001), 'Argument list too long');
  });

  test.each([
    ['an empty name', ''],
    ['a blank in a name', 'a b'],
    ['a newline in a name', 'a\nb'],
    ['a TAB at the end of a name', 'a\t'],
    ['a name of 101 bytes', 'n'.repeat(101)],
    ['a name of 51 characters and 102 bytes', 'ä'.repeat(51)],
  ])('with %s', (_, name) => {
    refused({ positive: [{ name, rights: 1 }], negative: [] }, 'Invalid argument');
    refused({ positive: [], negative: [{ name, rights: 1 }] }, 'Invalid argument');
  });

  test('but a name may have 100 bytes, of any kind', () => {
    for (const name of ['n'.repeat(100), 'ä'.repeat(50), '\udcff'.repeat(100), 'System:AnyUser', '-204']) {
      expect(() => checkAcl({ positive: [{ name, rights: 1 }], negative: [] })).not.toThrow();
    }
  });
});
