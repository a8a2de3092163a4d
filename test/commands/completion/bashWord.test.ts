import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAnswer } from '../../../src/commands/coda/completion/answer.ts';
import { bashWord } from '../../../src/commands/coda/completion/bashWord.ts';
import { parseLine } from '../../../src/commands/coda/completion/typedLine.ts';
import { decodeText, encodeText } from '../../../src/ipc/text.ts';

/** Any bytes that a name may have. */
const name = fc
  .uint8Array({ min: 1, minLength: 1, maxLength: 12 })
  .map((bytes) => decodeText(bytes))
  .filter((text) => !text.includes('/'));
const quotes = ['', "'", '"', "$'"] as const;
const closing = { '': '', "'": "'", '"': '"', "$'": "'" };

describe('a word for bash', () => {
  it('is for bash what it is for us, whatever is in it', () => {
    const words = fc.sample(fc.tuple(name, fc.constantFrom(...quotes)), { numRuns: 300, seed: 7 });
    const typed = words.flatMap(([word, quote]) => {
      const quoted = bashWord(word, quote);
      return quoted === undefined ? [] : [{ word, text: `${quote}${quoted}${closing[quote]}` }];
    });
    expect(typed.length).toBeGreaterThan(100);
    const script = encodeText(`printf '%s\\0' ${typed.map(({ text }) => text).join(' ')}`);
    const { stdout } = spawnSync('/bin/bash', ['--norc'], {
      input: script,
      env: { LC_ALL: 'C.UTF-8', PATH: '/none' },
    });
    expect(decodeText(stdout).split('\0').slice(0, -1)).toEqual(typed.map(({ word }) => word));
  });

  it('is read again as it was written', () => {
    fc.assert(
      fc.property(name, fc.constantFrom(...quotes), (word, quote) => {
        // Bytes that are no UTF-8 are typed as bytes, and a line is text.
        fc.pre(!/[\udc80-\udcff\u0080-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(word));
        const quoted = bashWord(word, quote);
        if (quoted !== undefined)
          expect(parseLine(`cfs la ${quote}${quoted}`)).toEqual({
            words: ['cfs', 'la'],
            current: word,
            quote,
          });
      }),
      { numRuns: 300 },
    );
  });
});

describe('a line that is typed', () => {
  it.each([
    ['cfs la ', ['cfs', 'la'], '', ''],
    ['cfs la a\\ b', ['cfs', 'la'], 'a b', ''],
    ["cfs la 'a b' c", ['cfs', 'la', 'a b'], 'c', ''],
    ['cfs la "a \\"b', ['cfs', 'la'], 'a "b', '"'],
    ["cfs la $'a\\x1b\\'b", ['cfs', 'la'], "a\x1b'b", "$'"],
    ['cfs la a\'b\'"c"', ['cfs', 'la'], 'abc', ''],
    ["cfs la ''", ['cfs', 'la'], '', ''],
    ['cfs   la\t', ['cfs', 'la'], '', ''],
  ])('%j', (line, words, current, quote) => {
    expect(parseLine(line)).toEqual({ words, current, quote });
  });
});

describe('an answer', () => {
  const answer = (words: readonly string[], typed: string, replaced: string) =>
    formatAnswer(
      'bash',
      words.map((word) => ({ word })),
      typed,
      false,
      { replaced, quote: '' },
    ).split('\0');

  it('has no more than what bash wants behind a colon', () => {
    expect(answer(['System:AnyUser'], 'System:An', 'An')).toEqual(['', 'AnyUser', '']);
    expect(answer(['--format=pax'], '--format=p', 'p')).toEqual(['', 'pax', '']);
    expect(answer(['/a:b/'], '/a\\:', '/a\\:')[1]).toBe('/a:b/');
  });

  it('says when no blank is to follow', () => {
    expect(answer(['/coda/dir/'], '/co', '/co')).toEqual(['nospace filenames', '/coda/dir/', '']);
    expect(answer(['/coda/a b/'], '/co', '/co')).toEqual(['nospace', '/coda/a\\ b/', '']);
  });

  it('for fish has descriptions, and no name that would be two', () => {
    const found = [{ word: 'la', summary: 'show' }, { word: 'a\nb' }, { word: 'a\tb' }, { word: 'ab' }];
    expect(formatAnswer('fish', found, '', false, undefined)).toBe('\0ab\0la\tshow\0');
  });
});
