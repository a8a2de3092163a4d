import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { safeParse } from 'valibot';
import {
  directoryLineSchema,
  failureSchema,
  fromQueryName,
  nameSchema,
  toJsonName,
  toQueryName,
} from '../../../src/ipc/socket/routes.ts';
import { decodeText } from '../../../src/ipc/text.ts';
import { anyBytes } from '../../support/arbitraries.ts';

describe('a name in a query', () => {
  test.each([
    ['/r.org/a-b_c~d', '/r.org/a-b_c~d'],
    ['a b&c=d?e#f%g+h', 'a%20b%26c%3Dd%3Fe%23f%25g%2Bh'],
    ['ä', '%C3%A4'],
    ['\udcff\0', '%FF%00'],
  ])('%j is %j', (name, query) => {
    expect(toQueryName(name)).toBe(query);
    expect(fromQueryName(query)).toBe(name);
  });

  test('comes back, whatever its bytes are', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const name = decodeText(bytes);
        expect(toQueryName(name)).toMatch(/^[\x21-\x7e]*$/);
        expect(fromQueryName(toQueryName(name))).toBe(name);
      }),
    );
  });

  test.each(['%', '%f', '%zz', 'a%', '%%20'])('%j is none', (text) => {
    expect(fromQueryName(text)).toBeUndefined();
  });

  test('may have been left as it is where nothing has to be encoded', () => {
    expect(fromQueryName('ä+%c3%a4')).toBe('ä+ä');
  });
});

describe('a name in JSON', () => {
  test('is a string where its bytes are UTF-8, else base64 of them', () => {
    expect(toJsonName('ä💀')).toBe('ä💀');
    expect(toJsonName('a\udcff')).toEqual({ base64: 'Yf8=' });
  });

  test('comes back, whatever its bytes are', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const name = decodeText(bytes);
        const json: unknown = JSON.parse(JSON.stringify(toJsonName(name)));
        expect(safeParse(nameSchema, json)).toMatchObject({ success: true, output: name });
      }),
    );
  });

  test.each([1, null, {}, { base64: 'not base64!' }, { base64: 1 }, ['a']])('is not %j', (json) => {
    expect(safeParse(nameSchema, json).success).toBe(false);
  });
});

describe('what travels', () => {
  test('in a directory listing is an entry, an error or the end', () => {
    const lines = [{ name: { base64: 'Yf8=' }, type: 'file', identity: '1' }, { end: true }, { errno: 13 }];
    const found = lines.map((line) => safeParse(directoryLineSchema, line).output);
    expect(found).toEqual([{ name: 'a\udcff', type: 'file', identity: '1' }, { end: true }, { errno: 13 }]);
    for (const line of [{ end: false }, { name: 'x', type: 'pipe', identity: '1' }, { errno: 1.5 }]) {
      expect(safeParse(directoryLineSchema, line).success, JSON.stringify(line)).toBe(false);
    }
  });

  test('as a failure has a code that is known', () => {
    expect(safeParse(failureSchema, { code: 'wrong-password', message: 'no' }).success).toBe(true);
    expect(safeParse(failureSchema, { code: 'else', message: 'no' }).success).toBe(false);
    expect(safeParse(failureSchema, { errno: 2 }).success).toBe(false);
  });
});
