import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Command, Option, ParsedWords } from '../../src/commands/command.ts';
import { UsageError } from '../../src/commands/exitStatus.ts';
import { normaliseDashes, parseWords } from '../../src/commands/words.ts';

const options: readonly Option[] = [
  { flags: '-R, --recursive', summary: 'whole trees' },
  { flags: '--dry-run', summary: 'change nothing' },
  { flags: '--no-copy', summary: 'without' },
  { flags: '--host <server>', summary: 'where' },
  { flags: '-o, --output <file>', summary: 'whither' },
];

const plainCommand: Command = {
  usage: 'cfs x <dir> [<dir> ...]',
  summary: 'does x',
  description: ['More of it.'],
  examples: ['cfs x .'],
  run: () => Promise.resolve(),
};
const optionsFirst: Command = { ...plainCommand, optionsFirst: true };

async function parse(typed: readonly string[], command = plainCommand): Promise<ParsedWords> {
  return parseWords('cfs x', command, options, typed);
}

/** What was understood: the words, and each option that was given. */
async function understood(typed: readonly string[], command = plainCommand): Promise<object> {
  const parsed = await parse(typed, command);
  if ('help' in parsed) return { help: true };
  const { words, options: given } = parsed;
  const flags = ['recursive', 'dry-run', 'no-copy'].filter((name) => given.flag(name));
  const [host, output] = [given.value('host'), given.value('output')];
  return {
    words,
    flags,
    ...(host === undefined ? {} : { host }),
    ...(output === undefined ? {} : { output }),
  };
}

describe('options are understood', () => {
  const wanted = { words: ['a', 'b'], flags: ['recursive', 'dry-run'], host: 'h' };

  test.each([
    ['with two dashes', ['--recursive', '--dry-run', '--host', 'h', 'a', 'b']],
    ['with one dash', ['-recursive', '-dry-run', '-host', 'h', 'a', 'b']],
    ['by their letters', ['-R', '-dry-run', '-host', 'h', 'a', 'b']],
    ['behind the words', ['a', 'b', '--host', 'h', '-dry-run', '-R']],
    ['between the words', ['-R', 'a', '-host', 'h', 'b', '--dry-run']],
    ['with their value behind an equals sign', ['a', 'b', '-host=h', '-R', '--dry-run']],
    ['with the last of several values', ['a', 'b', '-host', 'g', '--host=h', '-R', '--dry-run']],
  ])('%s', async (_, typed) => {
    expect(await understood(typed)).toEqual(wanted);
  });

  test.each([['--no-copy'], ['-no-copy']])('%s is an option that is given or not', async (word) => {
    expect(await understood([word, 'a'])).toEqual({ words: ['a'], flags: ['no-copy'] });
    expect(await understood(['-R', 'a'])).toEqual({ words: ['a'], flags: ['recursive'] });
  });

  test('in any order', async () => {
    const parts = [['-recursive'], ['--dry-run'], ['-host', 'h'], ['a']];
    const orders = fc.shuffledSubarray(parts, { minLength: parts.length });
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        expect(await understood(order.flat())).toEqual({ ...wanted, words: ['a'] });
      }),
    );
  });

  test.each([
    ['that begins with a dash', ['-host', '-R'], { words: [], flags: [], host: '-R' }],
    [
      'that looks like an option',
      ['--output', '--recursive'],
      { words: [], flags: [], output: '--recursive' },
    ],
    ['that is empty', ['--host=', 'a'], { words: ['a'], flags: [], host: '' }],
    ['with more equals signs', ['-host=a=b'], { words: [], flags: [], host: 'a=b' }],
    ['behind a letter', ['-o', 'f', 'a'], { words: ['a'], flags: [], output: 'f' }],
    ['right behind a letter', ['-of', 'a'], { words: ['a'], flags: [], output: 'f' }],
    ['with line ends', ['-host=a\nb'], { words: [], flags: [], host: 'a\nb' }],
  ])('with a value %s', async (_, typed, expected) => {
    expect(await understood(typed)).toEqual(expected);
  });

  test('only before the first word where they come first', async () => {
    expect(await understood(['-R', 'dir', '-negative', '-R'], optionsFirst)).toEqual({
      words: ['dir', '-negative', '-R'],
      flags: ['recursive'],
    });
    expect(await understood(['-host', 'h', 'dir', '--host', 'x'], optionsFirst)).toEqual({
      words: ['dir', '--host', 'x'],
      flags: [],
      host: 'h',
    });
  });

  test('not behind two dashes alone', async () => {
    expect(await understood(['-R', '--', '-dry-run', '--host', '--'])).toEqual({
      words: ['-dry-run', '--host', '--'],
      flags: ['recursive'],
    });
  });
});

describe('words', () => {
  test('without a dash are words, whatever is in them', async () => {
    const word = fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('-'));
    await fc.assert(
      fc.asyncProperty(fc.array(word), async (words) => {
        expect(await understood(words)).toEqual({ words, flags: [] });
      }),
    );
  });

  test('are the same with an option among them', async () => {
    const word = fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('-'));
    await fc.assert(
      fc.asyncProperty(fc.array(word), fc.nat({ max: 5 }), async (words, at) => {
        const typed = [...words.slice(0, at), '-R', ...words.slice(at)];
        expect(await understood(typed)).toEqual({ words, flags: ['recursive'] });
      }),
    );
  });

  test('may be a dash alone, which stands for stdin', async () => {
    expect(await understood(['-', 'a', '-R'])).toEqual({ words: ['-', 'a'], flags: ['recursive'] });
  });

  test('may be rewritten by a command before options are looked for', async () => {
    const prepare = (words: readonly string[]) => words.map((word) => (word === '-local' ? 'LOCAL' : word));
    expect(await understood(['a', '-local', 'b'], { ...plainCommand, prepare })).toEqual({
      words: ['a', 'LOCAL', 'b'],
      flags: [],
    });
  });
});

describe('no sense is in', () => {
  test.each([
    ['an option that does not exist', ['--colour'], "unknown option '--colour'"],
    ['one with one dash', ['-colour'], "unknown option '-colour'"],
    ['a beginning of one', ['--recur'], "unknown option '--recur'"],
    ['a letter that does not exist', ['-x'], "unknown option '-x'"],
    ['an option in other letters', ['--Recursive'], "unknown option '--Recursive'"],
    ['a value that is missing', ['a', '--host'], "option '--host <server>' argument missing"],
  ])('%s', async (_, typed, message) => {
    await expect(parse(typed)).rejects.toThrow(UsageError);
    await expect(parse(typed)).rejects.toThrow(message);
  });

  test('an option that does not exist behind nothing but options, where they come first', async () => {
    await expect(parse(['--colour', 'dir'], optionsFirst)).rejects.toThrow(UsageError);
  });
});

describe('--help', () => {
  test('explains the command: usage, paragraphs, options, examples', async () => {
    const parsed = await parse(['a', '--help']);
    const text = 'help' in parsed ? parsed.help : '';
    expect(text).toMatch(/^Usage: cfs x <dir> \[<dir> \.\.\.\]\n\ndoes x\n\nMore of it\.\n/);
    expect(text).toMatch(/-R, --recursive +whole trees\n/);
    expect(text).toMatch(/--host <server> +where\n/);
    expect(text).toMatch(/\nExamples:\n {2}cfs x \.\n$/);
  });

  test('wins over options that do not exist behind it', async () => {
    expect(await parse(['--help', '--recursive'])).toHaveProperty('help');
  });
});

describe('one dash becomes two', () => {
  test('for names that are known alone, and so that doing it twice changes nothing', () => {
    const word = fc.constantFrom(
      '-R',
      '-recursive',
      '--recursive',
      '-host',
      '--host=x',
      '-x',
      '--',
      '-',
      'a',
    );
    fc.assert(
      fc.property(fc.array(word), fc.boolean(), (words, first) => {
        const once = normaliseDashes(words, options, first);
        expect(normaliseDashes(once, options, first)).toEqual(once);
        expect(once.map((text) => text.replace(/^-+/, ''))).toEqual(
          words.map((text) => text.replace(/^-+/, '')),
        );
      }),
    );
    expect(normaliseDashes(['-recursive', '-x', '-R'], options, false)).toEqual(['--recursive', '-x', '-R']);
  });
});
