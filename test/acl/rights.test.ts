import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALL_RIGHTS, Right, formatRights, parseRights } from '../../src/acl/rights.ts';

describe('rights that a user types', () => {
  test.each([
    ['r', 1],
    ['w', 2],
    ['i', 4],
    ['l', 8],
    ['d', 16],
    ['k', 32],
    ['a', 64],
    ['rl', 9],
    ['lr', 9],
    ['rrr', 1],
    ['wid', 22],
    ['akwdilr', 127],
    ['all', 127],
    ['none', 0],
    ['', 0],
  ])('%j are %d', (word, rights) => {
    expect(parseRights(word)).toBe(rights);
  });

  test.each(['rlz', 'R', 'ALL', 'All', 'read', 'write', '+r', '-r', 'r ', ' ', 'r,l', '*', '127', 'è'])(
    '%j are none',
    (word) => {
      expect(parseRights(word)).toBeUndefined();
    },
  );
});

describe('rights that are shown', () => {
  test('stand in the order rlidwka', () => {
    expect(formatRights(127)).toBe('rlidwka');
    expect(formatRights(9)).toBe('rl');
    expect(formatRights(22)).toBe('idw');
    expect(formatRights(0)).toBe('');
  });

  test('are those that have a letter', () => {
    expect(formatRights(255)).toBe('rlidwka');
    expect(formatRights(128 + 64)).toBe('a');
    expect(formatRights(-1)).toBe('rlidwka');
  });

  test('mean the same when they are typed again', () => {
    fc.assert(
      fc.property(fc.nat({ max: 127 }), (rights) => {
        expect(parseRights(formatRights(rights))).toBe(rights);
      }),
    );
  });
});

test('the rights have the bits of the servers', () => {
  expect(Right).toEqual({ Read: 1, Write: 2, Insert: 4, Lookup: 8, Delete: 16, Lock: 32, Administer: 64 });
  expect(ALL_RIGHTS).toBe(Object.values(Right).reduce<number>((sum, bit) => sum + bit, 0));
});
