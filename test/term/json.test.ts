import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText } from '../../src/ipc/text.ts';
import { formatJson } from '../../src/term/json.ts';
import { anyBytes } from '../support/arbitraries.ts';
import { bytesOfHex } from '../support/bytes.ts';

const parsed = (value: unknown): unknown => JSON.parse(formatJson(value));

describe('a document of --json', () => {
  test('is indented and ends its last line', () => {
    expect(formatJson({ a: [1], b: {} })).toBe('{\n  "a": [\n    1\n  ],\n  "b": {}\n}\n');
  });

  test('is one line where it is one of many', () => {
    expect(formatJson({ a: [1, 'x\ny'], b: null }, 0)).toBe('{"a":[1,"x\\ny"],"b":null}\n');
  });

  test('leaves out what is not defined', () => {
    expect(formatJson({ a: undefined, b: 1 }, 0)).toBe('{"b":1}\n');
  });

  test.each([
    [0n, '0'],
    [-1n, '-1'],
    [4_294_967_296n, '4294967296'],
    [9_007_199_254_740_991n, '9007199254740991'],
    [9_007_199_254_740_992n, '"9007199254740992"'],
    [18_446_744_073_709_551_615n, '"18446744073709551615"'],
  ])('has %s as %s', (value, text) => {
    expect(formatJson({ value }, 0)).toBe(`{"value":${text}}\n`);
  });

  test('has names that are no UTF-8 as base64, at any depth', () => {
    const name = decodeText(bytesOfHex('61 ff'));
    expect(parsed({ name, list: [name, 'ä'] })).toEqual({
      name: { base64: 'Yf8=' },
      list: [{ base64: 'Yf8=' }, 'ä'],
    });
  });

  test('has every other name as it is', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = Buffer.from(bytes).toString('utf8');
        const isText = Buffer.from(text, 'utf8').equals(bytes);
        const wanted = isText ? text : { base64: Buffer.from(bytes).toString('base64') };
        expect(parsed({ name: decodeText(bytes) })).toEqual({ name: wanted });
      }),
    );
  });
});
