import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatFid, formatRealmFid, parseHex, parseRealmFid } from '../../src/ipc/fid.ts';
import { u32 } from '../support/arbitraries.ts';

describe('a fid on the command line', () => {
  test.each([
    ['7f000001.1.1@coda.cs.cmu.edu', 0x7f000001, 1, 1, 'coda.cs.cmu.edu'],
    ['0x7f000001.0XfF.0x1@r', 0x7f000001, 255, 1, 'r'],
    ['FFFFFFFF.fffffffc.2E@localhost', 0xffffffff, 0xfffffffc, 0x2e, 'localhost'],
    [' 1. 2.\t3@r', 1, 2, 3, 'r'],
    ['1.2.3@a@b.c', 1, 2, 3, 'b.c'],
    ['1.2.3@x@y@z', 1, 2, 3, 'z'],
    ['00000001.00000002.00000003@r', 1, 2, 3, 'r'],
  ])('%j is read', (text, volume, vnode, unique, realm) => {
    expect(parseRealmFid(text)).toEqual({ volume, vnode, unique, realm });
  });

  test.each([
    '',
    'foo',
    '1.2.3',
    '1.2@r',
    '1.2.3@',
    '1.2.3@a@',
    '@r',
    '..@r',
    '1..3@r',
    '1.2.3.4@r',
    'g.2.3@r',
    '0x.2.3@r',
    '-1.2.3@r',
    '+1.2.3@r',
    '1 .2.3@r',
    '100000000.1.1@r',
    '1.2.3x@r',
  ])('%j is malformed', (text) => {
    expect(parseRealmFid(text)).toBeUndefined();
  });

  test('is read as it is printed', () => {
    const realm = fc.stringMatching(/^[a-z0-9.-]{1,64}$/);
    fc.assert(
      fc.property(fc.record({ volume: u32, vnode: u32, unique: u32, realm }), (fid) => {
        expect(parseRealmFid(formatRealmFid(fid))).toEqual(fid);
      }),
    );
  });

  test('is printed in hexadecimal without leading zeros', () => {
    const fid = { volume: 0x7f000001, vnode: 0xfffffffe, unique: 0x8000e, realm: 'coda.test' };
    expect(formatFid(fid)).toBe('7f000001.fffffffe.8000e');
    expect(formatRealmFid(fid)).toBe('7f000001.fffffffe.8000e@coda.test');
  });
});

describe('a hexadecimal number', () => {
  test.each([
    ['0', 0],
    ['7F', 127],
    ['0x7f', 127],
    [' ff', 255],
    ['ffffffff', 0xffffffff],
  ])('%j is %d', (text, number) => {
    expect(parseHex(text)).toBe(number);
  });

  test.each(['', ' ', '0x', 'x1', '100000000', '1.', '1 ', 'data', '-1', '1e2g'])('%j is none', (text) => {
    expect(parseHex(text)).toBeUndefined();
  });
});
