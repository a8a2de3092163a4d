import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expansionOf, formatAttributes, parseAttributes } from '../../src/hoard/attributes.ts';
import type { HoardCommand } from '../../src/hoard/command.ts';
import { type HoardLine, HoardLines, parseLine } from '../../src/hoard/hoardLines.ts';
import { quoteHoardWord, splitWords } from '../../src/hoard/words.ts';
import { encodeText } from '../../src/ipc/text.ts';

function linesIn(text: string, piece = text.length || 1): readonly HoardLine[] {
  const bytes = Buffer.from(encodeText(text));
  const lines = new HoardLines();
  const found: HoardLine[] = [];
  for (let at = 0; at < bytes.length; at += piece) found.push(...lines.take(bytes.subarray(at, at + piece)));
  return [...found, ...lines.end()];
}

function commandOf(text: string): HoardCommand {
  const parsed = parseLine(text);
  if (!parsed || 'problem' in parsed) throw new Error(`${text}: ${parsed?.problem ?? 'nothing'}`);
  return parsed.command;
}

function problemOf(text: string): string {
  const parsed = parseLine(text);
  if (!parsed || !('problem' in parsed)) throw new Error(`${text} is a good line`);
  return `${parsed.column}: ${parsed.problem}`;
}

describe('a line of a hoard file', () => {
  test('is a command by its name or its first letter', () => {
    const add = { kind: 'add', path: '/coda/r/x', attributes: {} };
    expect(commandOf('add /coda/r/x')).toEqual(add);
    expect(commandOf('  a\t/coda/r/x  ')).toEqual(add);
    expect(commandOf('d x')).toEqual({ kind: 'delete', path: 'x' });
    expect(commandOf('c')).toEqual({ kind: 'clear' });
    expect(commandOf('clear 1000')).toEqual({ kind: 'clear', uid: 1000 });
    expect(commandOf('l /tmp/o 7')).toEqual({ kind: 'list', outFile: '/tmp/o', uid: 7 });
    expect(commandOf('v')).toEqual({ kind: 'verify', verbosity: 0 });
    expect(commandOf('verify o 101 7')).toEqual({ kind: 'verify', outFile: 'o', verbosity: 101, uid: 7 });
    expect(['w', 'on', 'off'].map(commandOf)).toEqual([{ kind: 'walk' }, { kind: 'on' }, { kind: 'off' }]);
    expect(commandOf('modify x 300:plain')).toEqual({
      kind: 'modify',
      path: 'x',
      attributes: { priority: 300, members: { which: 'none' } },
    });
  });

  test('may be a comment or blank, and a name with blanks stands in quotes', () => {
    expect(['', '   ', '# add x', '  #'].map((line) => parseLine(line))).toEqual(Array(4).fill(undefined));
    expect(commandOf('add "/coda/r/my \\"own\\" file" 5')).toMatchObject({ path: '/coda/r/my "own" file' });
    // A quote elsewhere, and a hash behind a command, are part of a name, as they always were.
    expect(commandOf('add it"s#1')).toMatchObject({ path: 'it"s#1' });
  });

  test.each([
    ['ad x', '1: ad is no command; there are add, clear, delete, list, modify, walk, verify, on, off'],
    ['add', '4: the path is missing: add PATH [ATTRIBUTES]'],
    ['add x 0', '7: priority out of range (1 - 1000)'],
    ['add x c:2000:d', '9: priority out of range (1 - 1000)'],
    ['add x 1a', '7: 1a is neither a priority nor c, c+, d or d+'],
    ['add x 10:cc', '10: cc is neither a priority nor c, c+, d or d+'],
    ['add x 10 d', '10: d is one word too many: add PATH [ATTRIBUTES]'],
    ['add x plain', '7: plain goes with modify: without c, c+, d or d+ an entry is plain'],
    ['modify x', '9: the priority or c+, d+ or plain is missing: modify PATH ATTRIBUTES'],
    ['modify x 3:c', '10: c and d make entries of their own for the members: use add'],
    ['clear jan', '7: jan is no user id'],
    ['clear 4294967296', '7: 4294967296 is no user id'],
    ['verify o x', '10: x is no verbosity: a number is'],
    ['on now', '4: now is one word too many: on'],
    ['add "x', '5: the quote that begins here has no end'],
    ['add "x"y', '8: a blank belongs behind the quote'],
  ])('%s: %s', (line, problem) => expect(problemOf(line)).toBe(problem));
});

test('attributes in any order, with empty fields: the last number counts, descendants win, one plus is for both', () => {
  const members = (text: string) => {
    const parsed = parseAttributes(text);
    if ('what' in parsed) throw new Error(parsed.what);
    return [
      parsed.priority,
      parsed.members && 'later' in parsed.members ? parsed.members.later : undefined,
      expansionOf(parsed.members),
    ];
  };
  expect(members('')).toEqual([undefined, undefined, 'none']);
  expect(members('::7::')).toEqual([7, undefined, 'none']);
  expect(members('5:d+:9')).toEqual([9, true, 'descendants']);
  expect(members('c:d+')).toEqual([undefined, true, 'descendants']);
  expect(members('c+:d')).toEqual([undefined, true, 'descendants']);
  expect(members('c')).toEqual([undefined, false, 'none']);
  expect(formatAttributes(10, 'none')).toBe('10');
  expect(formatAttributes(10, 'children')).toBe('10:c+');
});

describe('a hoard file', () => {
  test('tells of each bad line where it is, and of the good ones', () => {
    const found = linesIn('# mine\nadd /coda/r/a 10\n\nadd /coda/r/b 0\r\nwhat\nadd /coda/r/c d+');
    expect(found).toEqual([
      { line: 2, command: { kind: 'add', path: '/coda/r/a', attributes: { priority: 10 } } },
      { line: 4, column: 15, problem: 'priority out of range (1 - 1000)', text: 'add /coda/r/b 0\r' },
      expect.objectContaining({ line: 5, column: 1, text: 'what' }),
      {
        line: 6,
        command: {
          kind: 'add',
          path: '/coda/r/c',
          attributes: { members: { which: 'descendants', later: true } },
        },
      },
    ]);
  });

  test('reads the same in pieces of any size, whatever its bytes', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        'add /coda/r/x 10:c+',
        'walk',
        '',
        'add "a b" 1',
        'add \udc80x',
        `add ${'x'.repeat(6000)}`,
      ),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 50, max: 9000 }), (lines, piece) => {
        const text = lines.join('\n');
        expect(linesIn(text, piece)).toEqual(linesIn(text));
        for (const { line: number } of linesIn(text))
          expect(number).toBeLessThanOrEqual(text.split('\n').length);
      }),
      { numRuns: 25 },
    );
  });

  test('each line is told of once, good or bad, in order, unless it says nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('add x', 'bad', '', '#', 'walk', 'add x 0')), (lines) => {
        const said = lines.flatMap((text, at) => (text === '' || text === '#' ? [] : [{ at: at + 1, text }]));
        const found = linesIn(lines.join('\n'));
        expect(found.map(({ line }) => line)).toEqual(said.map(({ at }) => at));
        expect(found.map((each) => 'problem' in each)).toEqual(
          said.map(({ text }) => text === 'bad' || text === 'add x 0'),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('a line that never ends is told of once and does not fill the memory', () => {
    const lines = new HoardLines();
    const piece = Buffer.alloc(64 * 1024, 'x');
    const found: HoardLine[] = [];
    for (let megabytes = 0; megabytes < 16 * 4; megabytes++) found.push(...lines.take(piece));
    found.push(...lines.take(Buffer.from('\nwalk\n')), ...lines.end());
    expect(found).toMatchObject([
      { line: 1, column: 5120, problem: 'a line has at most 5119 bytes' },
      { line: 2, command: { kind: 'walk' } },
    ]);
  });
});

test('a quoted word comes back, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\n')),
      (text) => {
        expect(splitWords(`add ${quoteHoardWord(text)}`)).toMatchObject([{ text: 'add' }, { text, at: 4 }]);
      },
    ),
    { numRuns: 200 },
  );
});

test('100,000 lines are read in no time', () => {
  const text = Array.from(
    { length: 100_000 },
    (_, at) =>
      `add /coda/example.org/usr/jan/project/src/directory${at % 100}/file${at}.c ${(at % 1000) + 1}:d+\n`,
  ).join('');
  const bytes = Buffer.from(text);
  const lines = new HoardLines();
  let count = 0;
  const began = performance.now();
  for (let at = 0; at < bytes.length; at += 64 * 1024) {
    for (const line of lines.take(bytes.subarray(at, at + 64 * 1024))) if ('command' in line) count += 1;
  }
  count += [...lines.end()].length;
  const took = performance.now() - began;
  expect(count).toBe(100_000);
  // 300 ms on an idle machine (bench/hoardParse.mjs); this one may be busy.
  expect(took).toBeLessThan(3000);
});
