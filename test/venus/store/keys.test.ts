import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../../src/ipc/text.ts';
import { key, keyAfter } from '../../../src/venus/store/keys.ts';
import { bytesOfHex } from '../../support/bytes.ts';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
/** Numbers that are near each other, and near the ends of their bytes, where an order is easily wrong. */
const number = fc.oneof(
  u32,
  fc.constantFrom(0, 1, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1),
);
const bytes = fc.uint8Array({ maxLength: 5 });
const sign = (value: number) => Math.sign(value);

describe('a key', () => {
  it('is its numbers, big-endian, and the bytes of its name', () => {
    expect(Buffer.from(key(1, 0xfedcba98, 'aü\udcff')).toString('hex')).toBe('00000001fedcba9861c3bcff');
  });

  it('sorts by its numbers, then by the bytes of its name', () =>
    fc.assert(
      fc.property(fc.tuple(number, number, bytes), fc.tuple(number, number, bytes), (one, other) => {
        const [a, b] = [one, other].map(([first, second, name]) => key(first, second, decodeText(name)));
        const expected = one[0] - other[0] || one[1] - other[1] || Buffer.compare(one[2], other[2]);
        expect(sign(Buffer.compare(a ?? one[2], b ?? other[2]))).toBe(sign(expected));
      }),
    ));
});

describe('the key after a prefix', () => {
  it('is larger than all keys with the prefix, and no larger than any that is larger than those', () =>
    fc.assert(
      fc.property(number, number, bytes, number, (first, second, name, other) => {
        const end = keyAfter(key(first, second));
        const isBefore = (candidate: Uint8Array) => end === undefined || Buffer.compare(candidate, end) < 0;
        expect(isBefore(key(first, second, decodeText(name)))).toBe(true);
        expect(isBefore(key(first, other, decodeText(name)))).toBe(other <= second);
      }),
    ));

  it('carries over bytes that are full', () => {
    expect(keyAfter(bytesOfHex('000000ff'))).toEqual(bytesOfHex('00000100'));
    expect(keyAfter(bytesOfHex('01ffffff ffffffff'))).toEqual(bytesOfHex('02000000 00000000'));
  });

  it('is not there after the largest prefix, which so begins all keys to the end', () => {
    expect(keyAfter(bytesOfHex('ffffffff'))).toBeUndefined();
  });
});
