import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatListedEntry,
  formatVerifyLine,
  parseListLine,
  parseVerifyLine,
} from '../../src/hoard/entryText.ts';
import { hoardExpansions } from '../../src/ipc/hoardName.ts';

describe('a line of hoard list', () => {
  test('comes back from what venus writes', () => {
    expect(parseListLine('<7f000000@coda.test, ./sp>, 1000, 100:d+')).toEqual({
      entries: [
        {
          volume: 0x7f000000,
          realm: 'coda.test',
          name: './sp',
          uid: 1000,
          priority: 100,
          expansion: 'descendants',
        },
      ],
      cut: 0,
    });
    const entry = fc.record({
      volume: fc.nat({ max: 0xffffffff }),
      realm: fc.constantFrom('r.org', 'coda.test'),
      name: fc.string({ unit: 'binary' }).map((text) => `./${text.replaceAll('\n', '')}`),
      uid: fc.nat(),
      priority: fc.integer({ min: 1, max: 1000 }),
      expansion: fc.constantFrom(...hoardExpansions),
    });
    fc.assert(
      fc.property(entry, (value) => {
        expect(parseListLine(formatListedEntry(value).slice(0, -1)).entries).toEqual([value]);
      }),
      { numRuns: 100 },
    );
  });

  test('of which venus cut the end off, with the next one behind it, gives the next one', () => {
    const cut = `<7f000000@coda.test, ./${'x'.repeat(300)}`.slice(0, 238);
    const next = '<7f000000@coda.test, ./b>, 7, 10';
    expect(parseListLine(`${cut}${next}`)).toMatchObject({ entries: [{ name: './b', uid: 7 }], cut: 1 });
    expect(parseListLine(cut)).toEqual({ entries: [], cut: 1 });
    expect(parseListLine(`${cut}${cut}${next}`)).toMatchObject({ entries: [{ name: './b' }], cut: 2 });
    expect(parseListLine('nonsense')).toEqual({ entries: [], cut: 1 });
  });
});

test('a line of hoard verify has the reason in 25 columns, and what goes on behind the path', () => {
  const line = '        *** Not bound ***  /coda/coda.test/sp/hh d+\n';
  expect(formatVerifyLine('not bound', '/coda/coda.test/sp/hh', 'descendants')).toBe(line);
  expect(formatVerifyLine('missing or invalid', '/x', 'none')).toBe('  *** Missing/Invalid ***  /x   \n');
  expect(formatVerifyLine('ok', '/x', 'children')).toBe('                       OK  /x\n');
  for (const finding of ['not bound', 'missing or invalid', 'ok'] as const)
    for (const expansion of hoardExpansions)
      expect(parseVerifyLine(formatVerifyLine(finding, '/a b', expansion).slice(0, -1))).toEqual({
        finding,
        path: '/a b',
      });
  expect(parseVerifyLine('x/y')).toBeUndefined();
});
