import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, decodeText, encodeText, hasEscapedBytes, textLength } from '../../src/ipc/text.ts';
import { anyBytes } from '../support/arbitraries.ts';
import { bytesOfHex, joinBytes, plain } from '../support/bytes.ts';

const utf8 = (text: string) => new Uint8Array(Buffer.from(text, 'utf8'));

describe('text made of bytes', () => {
  test('gives the same bytes back, whatever they are', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(plain(encodeText(decodeText(bytes)))).toEqual(bytes);
        expect(textLength(decodeText(bytes))).toBe(bytes.length);
      }),
      { numRuns: 3000 },
    );
  });

  test('gives the same bytes back when it was put together of parts', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (one, other) => {
        const joined = `${decodeText(one)}/${decodeText(other)}`;
        expect(plain(encodeText(joined))).toEqual(joinBytes(one, utf8('/'), other));
        expect(plain(encodeText(decodeText(one) + decodeText(other)))).toEqual(joinBytes(one, other));
      }),
    );
  });

  test('is the usual string where the bytes are UTF-8, byte order marks and emoji included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeText(utf8(text))).toBe(text);
        expect(plain(encodeText(text))).toEqual(utf8(text));
        expect(hasEscapedBytes(text)).toBe(false);
      }),
    );
    expect(decodeText(bytesOfHex('ef bb bf 61'))).toBe('\ufeffa');
    expect(decodeText(bytesOfHex('f0 9f 92 80'))).toBe('💀');
  });

  test('has slashes and NULs where the bytes have them, and nowhere else', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const count = (byte: number) => bytes.filter((found) => found === byte).length;
        const text = decodeText(bytes);
        expect([text.split('/').length - 1, text.split('\0').length - 1]).toEqual([count(0x2f), count(0)]);
      }),
    );
  });

  test.each([
    ['a byte that begins nothing', 'ff', '\udcff'],
    ['a byte that only continues', '61 80 62', 'a\udc80b'],
    ['a sequence cut short', 'e2 82', '\udce2\udc82'],
    ['a sequence cut short before a letter', 'c3 41', '\udcc3A'],
    ['an encoded surrogate', 'ed a0 80', '\udced\udca0\udc80'],
    ['the encoding of an escape', 'ed b2 80', '\udced\udcb2\udc80'],
    ['an overlong slash', 'c0 af', '\udcc0\udcaf'],
    ['an overlong NUL of three bytes', 'e0 80 80', '\udce0\udc80\udc80'],
    ['a code point beyond the last', 'f4 90 80 80', '\udcf4\udc90\udc80\udc80'],
    ['good text around a bad byte', 'c3 a4 fe f0 9f 92 80', 'ä\udcfe💀'],
  ])('keeps %s as one escape per byte', (_, hex, text) => {
    expect(decodeText(bytesOfHex(hex))).toBe(text);
    expect(plain(encodeText(text))).toEqual(bytesOfHex(hex));
    expect(hasEscapedBytes(text)).toBe(true);
  });

  test('does not take the second half of a character for an escape', () => {
    expect('💀'.charCodeAt(1)).toBe(0xdc80);
    expect(hasEscapedBytes('💀')).toBe(false);
    expect(hasEscapedBytes('💀\udc80')).toBe(true);
    expect(plain(encodeText('💀\udc80'))).toEqual(bytesOfHex('f0 9f 92 80 80'));
  });

  test('is read from the middle of a larger buffer', () => {
    const buffer = bytesOfHex('78 78 c3 a4 ff 78');
    expect(decodeText(buffer.subarray(2, 5))).toBe('ä\udcff');
    expect(decodeText(buffer.subarray(0, 2))).toBe('xx');
  });
});

describe('joined bytes', () => {
  test('are the parts in order', () => {
    const parts = [bytesOfHex('01 02'), new Uint8Array(0), bytesOfHex('03')];
    expect(concatBytes(parts)).toEqual(bytesOfHex('01 02 03'));
    expect(concatBytes([])).toEqual(new Uint8Array(0));
  });
});
