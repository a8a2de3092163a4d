import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeText } from '../../src/ipc/text.ts';
import { printable, printableLines } from '../../src/term/printable.ts';
import { anyBytes } from '../support/arbitraries.ts';
import { bytesOfHex } from '../support/bytes.ts';

/** Text as a file system gives it: any characters, and bytes that are none. */
const anyText = fc.oneof(
  anyBytes.map(decodeText),
  fc.string({ unit: 'binary' }),
  fc.array(fc.nat({ max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

/** Whether a terminal could take it for more than characters to show. */
function isHarmful(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f);
  const turnsLinesAround =
    [0x61c, 0x200e, 0x200f].includes(code) ||
    (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069);
  return isControl || turnsLinesAround || (code >= 0xd800 && code <= 0xdfff);
}

describe('text for a terminal', () => {
  test.each([
    ['plain text', 'usr/jan', 'usr/jan'],
    ['letters of any alphabet', 'Ärger 日本 ﷽', 'Ärger 日本 ﷽'],
    ['characters beyond 16 bits', '💀😀', '💀😀'],
    ['an escape sequence', 'evil\u001b]0;title\u0007', 'evil\\x1b]0;title\\x07'],
    ['line ends and TABs', 'a\r\n\tb', 'a\\x0d\\x0a\\x09b'],
    ['NUL and DEL', '\0\x7f', '\\x00\\x7f'],
    ['the one-character CSI', '\u009b2J', '\\x9b2J'],
    ['what turns the order of characters around', 'a\u202egnp.exe', 'a\\u202egnp.exe'],
    ['isolates', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['line separators', 'a\u2028b\u2029', 'a\\u2028b\\u2029'],
    ['bytes that are no UTF-8', decodeText(bytesOfHex('61 ff 80')), 'a\\xff\\x80'],
    ['surrogates that are no bytes', '\ud800a\udfff', '\\ud800a\\udfff'],
    ['a byte behind a whole character', '💀\udc9b', '💀\\x9b'],
    ['what looks escaped already', '\\x1b', '\\x1b'],
  ])('shows %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('has nothing in it that does something to a terminal', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(Array.from(printable(text)).filter(isHarmful)).toEqual([]);
        expect(Array.from(printableLines(text)).filter(isHarmful).join('')).toMatch(/^[\n\t]*$/);
      }),
      { numRuns: 2000 },
    );
  });

  test('is the text itself where that is harmless', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const harmless = Array.from(text)
          .filter((character) => !isHarmful(character))
          .join('');
        expect(printable(harmless)).toBe(harmless);
      }),
    );
  });
});

describe('lines for a terminal', () => {
  test('keep their ends and TABs, and nothing else', () => {
    expect(printableLines('a\tb\n\u001bc\r\n\n')).toBe('a\tb\n\\x1bc\\x0d\n\n');
    expect(printableLines('\n')).toBe('\n');
    expect(printableLines('')).toBe('');
  });
});
