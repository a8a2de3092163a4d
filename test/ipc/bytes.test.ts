import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/ipc/bytes.ts';
import { ProtocolError } from '../../src/ipc/errors.ts';
import { bytesOfHex, plain } from '../support/bytes.ts';

describe('packed structures', () => {
  test('are little-endian and not aligned; addresses are in network order', () => {
    const bytes = new ByteWriter()
      .u8(0xab)
      .u32(0xfedcba98)
      .i32(-2)
      .u64(0x0102030405060708n)
      .ipv4('10.77.0.1')
      .cString('ä')
      .paddedString('ab', 4)
      .bytes(bytesOfHex('ff'))
      .finish();
    expect(plain(bytes)).toEqual(
      bytesOfHex('ab 98badcfe feffffff 0807060504030201 0a4d0001 c3a400 61620000 ff'),
    );
    const reader = new ByteReader(bytes, 'structure');
    expect(reader.u8()).toBe(0xab);
    expect(reader.u32()).toBe(0xfedcba98);
    expect(reader.i32()).toBe(-2);
    expect(reader.u64()).toBe(0x0102030405060708n);
    expect(reader.ipv4()).toBe('10.77.0.1');
    expect(reader.cString()).toBe('ä');
    expect(reader.paddedString(4)).toBe('ab');
    expect(reader.remaining).toBe(1);
    expect(reader.bytes(1)).toEqual(bytesOfHex('ff'));
    expect(reader.remaining).toBe(0);
  });

  test('are read where they stand in a larger buffer', () => {
    const reader = new ByteReader(bytesOfHex('ffffff 01000000 6100 ff').subarray(3, 9), 'part');
    expect(reader.u32()).toBe(1);
    expect(reader.cString()).toBe('a');
    expect(() => reader.u8()).toThrow(ProtocolError);
  });
});

describe('reading past the end', () => {
  test.each([
    ['u8', (reader: ByteReader) => reader.u8(), 1],
    ['u32', (reader: ByteReader) => reader.u32(), 4],
    ['i32', (reader: ByteReader) => reader.i32(), 4],
    ['u64', (reader: ByteReader) => reader.u64(), 8],
    ['ipv4', (reader: ByteReader) => reader.ipv4(), 4],
    ['bytes', (reader: ByteReader) => reader.bytes(5), 5],
    ['skip', (reader: ByteReader) => reader.skip(5), 5],
    ['paddedString', (reader: ByteReader) => reader.paddedString(6), 6],
  ])('of %s is refused with the name of the structure, and fits to the byte', (_, read, size) => {
    for (let length = 0; length < size; length++) {
      const reader = new ByteReader(new Uint8Array(length), 'getfid reply');
      expect(() => read(reader)).toThrow(ProtocolError);
      expect(() => read(reader)).toThrow(/^getfid reply: /);
    }
    expect(() => read(new ByteReader(new Uint8Array(size), 'x'))).not.toThrow();
  });

  test('of a text without its NUL is refused, in a field of fixed size too', () => {
    expect(() => new ByteReader(bytesOfHex('6161'), 'x').cString()).toThrow(ProtocolError);
    expect(() => new ByteReader(bytesOfHex('616100'), 'x').paddedString(2)).toThrow(ProtocolError);
  });

  test('leaves the reader where it was', () => {
    const reader = new ByteReader(bytesOfHex('010203'), 'x');
    expect(() => reader.u32()).toThrow(ProtocolError);
    expect(reader.u8()).toBe(1);
  });
});

describe('a text field of fixed size', () => {
  test('holds its text and at least one NUL; stale bytes behind the NUL do not count', () => {
    expect(new ByteReader(bytesOfHex('61 00 62 63'), 'x').paddedString(4)).toBe('a');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.nat({ max: 40 }), (text, size) => {
        const write = () => new ByteWriter().paddedString(text, size).finish();
        if (text.length >= size) expect(write).toThrow(ProtocolError);
        else expect(new ByteReader(write(), 'x').paddedString(size)).toBe(text);
      }),
    );
  });

  test('is measured in bytes', () => {
    expect(() => new ByteWriter().paddedString('ää', 4)).toThrow(ProtocolError);
    expect(new ByteWriter().paddedString('ää', 5).finish()).toHaveLength(5);
  });
});
