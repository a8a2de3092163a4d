import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeText, decodeText } from '../../src/ipc/text.ts';
import { printable } from '../../src/term/printable.ts';
import { shellWord } from '../../src/term/shellWord.ts';

/** What a program gets for a word in the command line of a shell. */
function asTheShellReadsIt(words: readonly string[]): readonly string[] {
  const command = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
  const out = execFileSync('bash', ['-c', command], {
    env: { LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return decodeText(out).split('\0').slice(0, words.length);
}

describe('a word in a command that is shown', () => {
  it.each([
    ['/coda/example.org/paper.tex', '/coda/example.org/paper.tex'],
    ['two words', "'two words'"],
    ['x;rm -rf ~', "'x;rm -rf ~'"],
    ['$(date)`id`', "'$(date)`id`'"],
    ["it's", "'it'\\''s'"],
    ['\x1b[31m', "$'\\x1b[31m'"],
    ["a\n\\'b", "$'a\\x0a\\\\\\'b'"],
    ['\u202e', "$'\\xe2\\x80\\xae'"],
    ['', "''"],
  ])('%j is %s', (word, shown) => {
    expect(shellWord(word)).toBe(shown);
  });

  it('is the word again for a shell, and nothing to a terminal', () => {
    const names = fc
      .uint8Array({ minLength: 1, maxLength: 20 })
      .map((bytes) => decodeText(bytes.map((byte) => byte || 1)));
    const words = fc.sample(
      fc.oneof(
        names,
        fc.string({ minLength: 1 }).map((text) => text.replaceAll('\0', 'x')),
      ),
      300,
    );
    const whole = words.map((word) => decodeText(encodeText(word)));
    expect(asTheShellReadsIt(whole)).toEqual(whole);
    for (const word of whole) expect(printable(shellWord(word))).toBe(shellWord(word));
  });
});
