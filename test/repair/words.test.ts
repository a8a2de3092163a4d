import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/ipc/text.ts';
import { meaningOf } from '../../src/repair/commandWord.ts';
import { knownWords } from '../../src/repair/commandTable.ts';
import { quoteWord, splitWords } from '../../src/repair/words.ts';

describe('splitWords', () => {
  it.each([
    ['begin  /coda/a\t/coda/b ', ['begin', '/coda/a', '/coda/b']],
    ['cat "a b" \'c d\'', ['cat', 'a b', 'c d']],
    ['cat a\\ b\\"c', ['cat', 'a b"c']],
    ["cat 'a\\ b'", ['cat', 'a\\ b']],
    ['cat ""', ['cat', '']],
    ['cat a"b c"d', ['cat', 'ab cd']],
    ['cat a\\nb\\x41', ['cat', 'a\nbA']],
  ])('%s', (line, words) => expect(splitWords(line)).toEqual(words));

  it('joins bytes to the characters that they are', () => {
    expect(splitWords('\\xc3\\xa9 \\xff')).toEqual(['é', decodeText(Uint8Array.of(0xff))]);
  });

  it.each(['cat "a', "cat 'a", 'cat a\\', 'cat \\x00'])('refuses %s', (line) => {
    expect(() => splitWords(line)).toThrow();
  });

  it('reads back every name as quoteWord writes it', () => {
    const name = fc.uint8Array({ minLength: 1 }).filter((bytes) => !bytes.includes(0));
    fc.assert(
      fc.property(name, (bytes) => {
        const text = decodeText(bytes);
        expect(splitWords(quoteWord(text))).toEqual([text]);
      }),
    );
  });
});

describe('meaningOf', () => {
  const name = (word: string): unknown => meaningOf(word, knownWords);

  it.each([
    ['begin', 'beginRepair'],
    ['BEGINREPAIR', 'beginRepair'],
    ['ch', 'checkLocal'],
    ['listlocal', 'listLocal'],
    ['preservel', 'preserveLocal'],
    ['preservea', 'preserveAllLocal'],
    ['discardAllLocal', 'discardAllLocal'],
    ['compare', 'compareDirs'],
    ['q', 'quit'],
    ['exit', 'quit'],
    ['?', 'help'],
    ['ls', 'ls'],
  ])('%s is %s', (word, command) => expect(name(word)).toEqual({ kind: 'command', name: command }));

  it('says which ones an ambiguous prefix may be', () => {
    expect(name('discard')).toEqual({ kind: 'ambiguous', candidates: ['discardLocal', 'discardAllLocal'] });
  });

  it.each(['', 'x', 'listlocals'])('does not know "%s"', (word) =>
    expect(name(word)).toEqual({ kind: 'unknown' }),
  );

  it('lets a whole name win over those it begins', () => {
    const commands = [
      { name: 'dolater', aliases: [] },
      { name: 'do', aliases: [] },
    ] as const;
    expect(meaningOf('DO', commands)).toEqual({ kind: 'command', name: 'do' });
  });
});
