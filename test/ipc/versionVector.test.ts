import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/ipc/bytes.ts';
import {
  formatVersionVector,
  localVersionVector,
  readVersionVector,
  writeVersionVector,
} from '../../src/ipc/versionVector.ts';
import { bytesOfHex, plain } from '../support/bytes.ts';

const vector = {
  versions: [1, -1, 0, 0, 0, 0, 0, 7],
  storeId: { host: 0x80020127, unique: 0x12 },
  flags: 9,
};

describe('a version vector', () => {
  test('is printed as getfid prints it: decimal versions, hexadecimal store id, flags with 0x unless zero', () => {
    expect(formatVersionVector(vector)).toBe('[ 1 -1 0 0 0 0 0 7 ] [ 80020127.12 ] [ 0x9 ]');
    expect(formatVersionVector({ ...vector, flags: 0 })).toBe('[ 1 -1 0 0 0 0 0 7 ] [ 80020127.12 ] [ 0 ]');
    expect(formatVersionVector({ ...vector, flags: 0xfffffff0 })).toMatch(/ \[ 0xfffffff0 \]$/);
  });

  test('of an object of venus itself is that of the recordings', () => {
    expect(formatVersionVector(localVersionVector)).toBe('[ 0 0 0 0 0 0 0 0 ] [ ffffffff.0 ] [ 0 ]');
  });

  test('takes 44 bytes: eight counters, store id, flags', () => {
    const bytes = plain(writeVersionVector(new ByteWriter(), vector).finish());
    expect(bytes).toEqual(
      bytesOfHex(`01000000 ffffffff ${'00000000'.repeat(5)} 07000000 27010280 12000000 09000000`),
    );
    expect(readVersionVector(new ByteReader(bytes, 'x'))).toEqual(vector);
  });

  test('of fewer counters is filled up with zeros', () => {
    const short = writeVersionVector(new ByteWriter(), { ...vector, versions: [3] }).finish();
    expect(readVersionVector(new ByteReader(short, 'x')).versions).toEqual([3, 0, 0, 0, 0, 0, 0, 0]);
  });
});
