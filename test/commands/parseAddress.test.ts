import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/commands/serverNames.ts';
import { dottedQuad, u32, u8 } from '../support/arbitraries.ts';

const ipv4 = (number: number) => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');

describe('an address', () => {
  test('is four numbers', () => {
    fc.assert(
      fc.property(dottedQuad, (address) => {
        expect(parseAddress(address)).toBe(address);
      }),
    );
  });

  test('is one number, in any base that C reads', () => {
    fc.assert(
      fc.property(u32, (number) => {
        for (const text of [String(number), `0x${number.toString(16)}`, `0${number.toString(8)}`]) {
          expect(parseAddress(text)).toBe(ipv4(number));
        }
      }),
    );
  });

  test('is two or three numbers, the last of which fills what is left', () => {
    fc.assert(
      fc.property(u8, u8, u32, (first, second, rest) => {
        const [three, two] = [rest >>> 8, rest >>> 16];
        expect(parseAddress(`${first}.${three}`)).toBe(ipv4(first * 2 ** 24 + three));
        expect(parseAddress(`${first}.${second}.${two}`)).toBe(
          ipv4(first * 2 ** 24 + second * 2 ** 16 + two),
        );
      }),
    );
  });

  test.each([
    ['10', '0.0.0.10'],
    ['10.1', '10.0.0.1'],
    ['127.1.2', '127.1.0.2'],
    ['0x0A.0XfF.012.8', '10.255.10.8'],
    ['0', '0.0.0.0'],
    ['4294967295', '255.255.255.255'],
  ])('as %s is %s', (text, address) => {
    expect(parseAddress(text)).toBe(address);
  });

  test.each([
    ['a name', 'server.org'],
    ['nothing', ''],
    ['a dot', '.'],
    ['a missing number', '1..2'],
    ['a dot at the end', '1.2.3.4.'],
    ['five numbers', '1.2.3.4.5'],
    ['a number beyond a byte', '256.1.1.1'],
    ['a last number beyond a byte', '1.1.1.256'],
    ['a last number beyond two bytes', '1.1.65536'],
    ['a last number beyond three bytes', '1.16777216'],
    ['a number beyond four bytes', '4294967296'],
    ['a sign', '-1'],
    ['blanks', ' 10.0.0.1'],
    ['half a hexadecimal number', '0x'],
    ['an IPv6 address', '::1'],
    ['a fraction', '1e3'],
    ['an octal number with digits that it has not', '10.0.0.08'],
  ])('is not %s', (_, text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
