import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LogLine, parseLogLine } from '../../src/commands/logLine.ts';
import { readRuns } from '../support/recordings.ts';

describe('a line of a modify log', () => {
  test.each<[text: string, line: LogLine]>([
    ['Store \t/coda/r/f (length = 6)', { op: 'store', path: '/coda/r/f', length: 6 }],
    ['Utime \t/coda/r/f', { op: 'utimes', path: '/coda/r/f' }],
    ['Create \t???/f', { op: 'create', path: '???/f' }],
    ['Rename \t/coda/r/a (to: /coda/r/b)', { op: 'rename', from: '/coda/r/a', to: '/coda/r/b' }],
    ['Symlink /coda/r/l (--> a)', { op: 'symlink', path: '/coda/r/l', target: 'a' }],
    ['6 entries total in the modify log for volume u.jan', { volume: 'u.jan', logEntries: 6 }],
  ])('%j', (text, line) => {
    expect(parseLogLine(text)).toEqual(line);
  });

  test('is told apart in every recorded listing', () => {
    const listings = readRuns().filter(({ argv }) => argv[1] === 'listlocal');
    expect(listings).toHaveLength(34);
    for (const { stdout } of listings) {
      const lines = stdout.trimEnd().split('\n').map(parseLogLine);
      expect(lines.at(-1)).toHaveProperty('logEntries', lines.length - 1);
      for (const line of lines.slice(0, -1)) expect(line).toHaveProperty('op');
    }
  });

  test('is kept as text where it is none, however long', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parseLogLine(`x${text}`)).toEqual({ text: `x${text}` });
      }),
    );
    const long = `Link \t${' to '.repeat(100_000)}`;
    expect(parseLogLine(long)).toEqual({ text: long });
  });
});
