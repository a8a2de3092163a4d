import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passwordObjection } from '../../src/auth/passwordQuality.ts';

const TOO_SHORT = 'Please use a longer password.';
const ONLY_DIGITS = 'Please use at least one non-numeric character.';

/** A password of so many characters with each of the kinds in it. */
function passwordOf(kinds: string, length: number): string {
  return kinds.repeat(length).slice(0, length);
}

describe('a new password is good', () => {
  // Kinds: digit 1, lower a, upper A, anything else #.
  test.each([
    { kinds: 'a', from: 6 },
    { kinds: 'A', from: 6 },
    { kinds: '1a', from: 5 },
    { kinds: '1A', from: 5 },
    { kinds: 'aA', from: 5 },
    { kinds: '1aA', from: 4 },
    { kinds: '#', from: 4 },
    { kinds: '#1', from: 4 },
    { kinds: '#a', from: 4 },
    { kinds: '#A', from: 4 },
    { kinds: '#1a', from: 4 },
    { kinds: '#1A', from: 4 },
    { kinds: '#aA', from: 4 },
    { kinds: '#1aA', from: 4 },
  ])('of $from characters of the kinds $kinds', ({ kinds, from }) => {
    expect(passwordObjection(passwordOf(kinds, from))).toBeUndefined();
    expect(passwordObjection(passwordOf(kinds, from - 1))).toBe(TOO_SHORT);
  });

  test('as long as it stays when characters are added to it', () => {
    const password = fc.string({ unit: 'grapheme-ascii', maxLength: 10 });
    fc.assert(
      fc.property(password, password, (good, more) => {
        fc.pre(passwordObjection(good) === undefined);
        expect(passwordObjection(good + more)).toBeUndefined();
        expect(passwordObjection(more + good)).toBeUndefined();
      }),
    );
  });

  test('with a blank in it for a character of no letters or digits', () => {
    expect(passwordObjection('a b ')).toBeUndefined();
  });
});

describe('a new password is refused', () => {
  test.each(['1', '12345', '0123456789012345'])('of digits alone, however long: %s', (digits) => {
    expect(passwordObjection(digits)).toBe(ONLY_DIGITS);
  });

  test('where there is none', () => {
    expect(passwordObjection('')).toBe(TOO_SHORT);
  });
});
