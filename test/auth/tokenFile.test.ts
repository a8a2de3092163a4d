import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptTokenFileError, formatTokenFile, parseTokenFile } from '../../src/auth/tokenFile.ts';
import type { Token } from '../../src/ipc/clearToken.ts';
import { setToken } from '../../src/ipc/calls/setToken.ts';
import { anyBytes, i32 } from '../support/arbitraries.ts';
import { bytesOfHex } from '../support/bytes.ts';
import { readRecordings } from '../support/recordings.ts';

const example: Token = {
  clear: {
    authHandle: -1,
    handshakeKey: bytesOfHex('a1a2a3a4a5a6a7a8'),
    viceId: 500,
    begins: 0x6b00adfb,
    ends: 0x6b02110f,
  },
  secret: Uint8Array.from({ length: 56 }, (_, at) => at),
};
/** Made by another program. */
const LINES = [
  '/////6Gio6SlpqeoAAAB9GsArftrAhEPAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd',
  'Hh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc=',
] as const;
const FILE = `*** Coda Token ***\n${LINES[0]}\n${LINES[1]}\n`;

const key = fc.uint8Array({ minLength: 8, maxLength: 8 });
const anyToken: fc.Arbitrary<Token> = fc.record({
  clear: fc.record({ authHandle: i32, handshakeKey: key, viceId: i32, begins: i32, ends: i32 }),
  secret: fc.uint8Array({ minLength: 56, maxLength: 56 }),
});

describe('the text of a token file', () => {
  test('is a header and two lines of base64, 129 bytes', () => {
    expect(formatTokenFile(example)).toBe(FILE);
    expect(FILE).toHaveLength(129);
    expect(parseTokenFile(FILE)).toEqual(example);
  });

  test('is read back as the token it was, and always has the same form', () => {
    fc.assert(
      fc.property(anyToken, (token) => {
        const text = formatTokenFile(token);
        expect(text).toMatch(/^\*\*\* Coda Token \*\*\*\n[A-Za-z0-9+/]{72}\n[A-Za-z0-9+/]{35}=\n$/);
        expect(parseTokenFile(text)).toEqual(token);
      }),
    );
  });

  test('has the numbers big-endian that venus was given little-endian', () => {
    const recorded = readRecordings().filter(
      ({ opcode, input }) => opcode === setToken.opcode && input.length === 152,
    );
    expect(recorded.length).toBeGreaterThan(10);
    for (const { input } of recorded) {
      const given = Buffer.from(input);
      const clear = given.subarray(64, 88);
      for (const at of [0, 12, 16, 20]) clear.subarray(at, at + 4).reverse();
      const base64 = Buffer.concat([clear, given.subarray(4, 60)]).toString('base64');
      const text = `*** Coda Token ***\n${base64.slice(0, 72)}\n${base64.slice(72)}\n`;
      const { token } = setToken.request.decode(input);
      expect(formatTokenFile(token)).toBe(text);
      expect(parseTokenFile(text)).toEqual(token);
    }
  });
});

describe('a token file is read', () => {
  const [one, other] = LINES;

  test.each([
    ['with any first line', `hello\n${one}\n${other}\n`],
    ['with an empty first line', `\n${one}\n${other}\n`],
    ['with a first line that is base64 itself', `AAAA\n${one}\n${other}\n`],
    ['with carriage returns', FILE.replaceAll('\n', '\r\n')],
    ['with carriage returns alone', FILE.replaceAll('\n', '\r')],
    ['without a newline at its end', FILE.trimEnd()],
    ['without padding', FILE.replace('=', '')],
    ['with the base64 in one line', `x\n${one}${other}`],
    ['with a line for each character', `x\n${Array.from(one + other).join('\n')}\n`],
    ['with blanks and TABs around the lines', `x\n \t${one}\t \n  ${other}`],
    ['with NULs and other bytes between', `x\n\0${one}\xff-_.,${other}`],
    ['with anything behind the padding', `${FILE}AAAA\nand = more`],
  ])('%s', (_, text) => {
    expect(parseTokenFile(text)).toEqual(example);
  });

  test.each([
    ['nothing', '', 0],
    ['its header alone', '*** Coda Token ***\n', 0],
    ['everything in its first line', `${one}${other}`, 0],
    ['its second line missing', `x\n${one}\n`, 54],
    ['three bytes too few', `x\n${one.slice(4)}${other}\n`, 77],
    ['three bytes too many', `x\nAAAA${one}${other}\n`, 83],
    ['the padding in its middle', `x\n${one}\n=${other}\n`, 54],
    ['the token twice', `x\n${one}${other.slice(0, -1)}A${one}${other}\n`, 161],
  ])('as corrupt with %s', (_, text, bytes) => {
    expect(() => parseTokenFile(text)).toThrow(CorruptTokenFileError);
    expect(() => parseTokenFile(text)).toThrow(
      expect.objectContaining({
        message: 'Corrupted token file?',
        unlabelled: true,
        why: `It holds ${bytes} bytes where a token has 80.`,
      }),
    );
  });

  test('as a token or as corrupt, whatever it holds', () => {
    const base64ish = fc.string({
      unit: fc.constantFrom(...Array.from('AZaz09+/=\n\r -_\0')),
      maxLength: 130,
    });
    const bytes = anyBytes.map((found) => Buffer.from(found).toString('latin1'));
    fc.assert(
      fc.property(fc.oneof(base64ish, bytes), (text) => {
        try {
          expect(parseTokenFile(text).secret).toHaveLength(56);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptTokenFileError);
        }
      }),
    );
  });
});
