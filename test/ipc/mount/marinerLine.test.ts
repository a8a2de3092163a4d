import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type MarinerFacts,
  type MarinerLine,
  MarinerLines,
  parseMarinerLine,
} from '../../../src/ipc/mount/marinerLine.ts';
import { decodeText } from '../../../src/ipc/text.ts';
import { anyBytes } from '../../support/arbitraries.ts';
import { recordedLines } from '../../support/mariner.ts';

const parse = (text: string) => parseMarinerLine({ text, isCut: false });
const take = (...parts: readonly string[]) => {
  const lines = new MarinerLines();
  return parts.flatMap((part) => lines.take(Buffer.from(part, 'latin1')));
};
const whole = (text: string): MarinerLine => ({ text, isCut: false });

describe('a recorded line of venus', () => {
  const fetch = recordedLines('mariner_disc2_fetch.txt');
  const volstate = [
    ...recordedLines('mariner_disc2_volstate.txt'),
    ...recordedLines('mariner_disc_volstate.txt'),
  ];

  test('of the volume states is one, each of them', () => {
    expect(volstate.length).toBeGreaterThan(60);
    const kinds = volstate.map((line) => parse(line).kind);
    expect(new Set(kinds)).toEqual(new Set(['volumeState']));
  });

  test('of the volume states can be written again from what was read', () => {
    const written = volstate.map((line) => {
      const facts = parse(line);
      if (facts.kind !== 'volumeState') throw new Error('no volume state');
      const { volume, realm, state, entries, flags } = facts;
      return `volstate::${[`${volume}@${realm}`, state, entries, ...flags].join(' ')}`;
    });
    expect(written).toEqual(volstate);
  });

  test('of the activity is the event it stands for, as often as grep finds it', () => {
    const found = fetch.map(parse);
    const count = (kind: MarinerFacts['kind']) => found.filter((facts) => facts.kind === kind).length;
    const grep = (pattern: RegExp) => fetch.filter((line) => pattern.test(line)).length;
    expect(grep(/^reintegrate::/)).toBeGreaterThan(5);
    expect(count('reintegrationBegins')).toBe(grep(/^reintegrate::.* [1-9]\d*\/\d+$/));
    expect(count('reintegrationEnds')).toBe(grep(/^reintegrate::.* 0\/\d+$/));
    expect(count('fetchProgress')).toBe(grep(/^progress::fetching/));
    expect(count('fetchBegins')).toBe(grep(/^fetch::Fetch(Partial)? .*\[/));
    expect(count('fetchEnds')).toBe(grep(/^fetch::Fetch done$/));
    expect(count('storeProgress')).toBe(grep(/^store::SendReintFragment/));
    expect(count('server')).toBe(grep(/^connection::(up|unreachable) /));
    expect(count('bandwidth')).toBe(grep(/^connection::bandwidth/));
  });
});

test.each<[string, MarinerFacts]>([
  [
    'volstate::/@coda.test reachable 4 reint',
    {
      kind: 'volumeState',
      volume: '/',
      realm: 'coda.test',
      state: 'reachable',
      entries: 4,
      flags: ['reint'],
    },
  ],
  [
    'volstate::u@home x@coda.test unreachable 12 unauth conflict transition',
    {
      kind: 'volumeState',
      volume: 'u@home x',
      realm: 'coda.test',
      state: 'unreachable',
      entries: 12,
      flags: ['unauth', 'conflict', 'transition'],
    },
  ],
  ['reintegrate::s, t, 6/13', { kind: 'reintegrationBegins', volume: 's, t', batch: 6, total: 13 }],
  ['reintegrate::s.test, 0/13', { kind: 'reintegrationEnds', volume: 's.test', total: 13 }],
  [
    'progress::fetching (a (1)) 50% (1024Bs/2048Bs) [0 - 2048]',
    { kind: 'fetchProgress', path: 'a (1)', received: 1024, length: 2048 },
  ],
  ['fetch::Fetch b [c] [2]', { kind: 'fetchBegins', path: 'b [c]', blocks: 2 }],
  ['fetch::Fetch done', { kind: 'fetchEnds' }],
  [
    'store::SendReintFragment s.test, a, b [1] (0/5)',
    { kind: 'storeProgress', volume: 's.test', path: 'a, b', sent: 0, length: 5 },
  ],
  ['Reintegrate s.test pending tokens for uid = 501', { kind: 'awaitsTokens', volume: 's.test', uid: 501 }],
  [
    'ClientModifyLog::CONFLICT (local/global): /coda/coda.test/f (x) (2.7f000002.14.112)',
    { kind: 'conflict', between: 'local/global', path: '/coda/coda.test/f (x)', fid: '2.7f000002.14.112' },
  ],
  [
    'fsobj::CONFLICT (server/server): d (1.2.3.4)',
    { kind: 'conflict', between: 'server/server', path: 'd', fid: '1.2.3.4' },
  ],
  ['connection::unreachable s1', { kind: 'server', server: 's1', state: 'unreachable' }],
  ['dropped 17 queued messages', { kind: 'dropped', messages: 17 }],
  ['shutdown in progress', { kind: 'venusEnds', how: 'shutdown' }],
  ['store::COP2 s.test', { kind: 'line', class: 'store', text: 'COP2 s.test' }],
  ['   [0, 0, 0, 0] [0]', { kind: 'line', text: '   [0, 0, 0, 0] [0]' }],
  ['', { kind: 'line', text: '' }],
  // A state or a flag of another release is not guessed.
  ['volstate::v@r asleep 3', { kind: 'line', class: 'volstate', text: 'v@r asleep 3' }],
  ['volstate::v@r reachable 3 new', { kind: 'line', class: 'volstate', text: 'v@r reachable 3 new' }],
  ['volstate::v reachable 3', { kind: 'line', class: 'volstate', text: 'v reachable 3' }],
])('%s', (line, facts) => {
  expect(parse(line)).toEqual(facts);
});

describe('a cut line', () => {
  test('is not taken apart: the number of entries may be cut, too', () => {
    const text = 'volstate::v@r reachable 1';
    expect(parseMarinerLine({ text, isCut: true })).toEqual({ kind: 'line', text, isCut: true });
  });

  test('ends with a NUL before its newline, in whatever pieces they come', () => {
    const expected = [{ text: 'volstate::v@r reach', isCut: true }, whole('next')];
    expect(take('volstate::v@r reach\0\nnext\n')).toEqual(expected);
    expect(take('volstate::v@r reach\0', '\nnext\n')).toEqual(expected);
    expect(take('volstate::v@r reach', '\0\nne', 'xt\n')).toEqual(expected);
  });

  test('without its newline ends at 254 bytes, and the next one begins', () => {
    const long = 'x'.repeat(254);
    expect(take(`${long}fetch::Fetch done\n`)).toEqual([
      { text: long, isCut: true },
      whole('fetch::Fetch done'),
    ]);
    expect(take(`${long}\nshort\n`)).toEqual([whole(long), whole('short')]);
  });
});

test('the last words of a crashed venus have no newline', () => {
  expect(take('a\nzombie state::pid 77')).toEqual([whole('a'), whole('zombie state::pid 77')]);
  expect(parse('zombie state::pid 77')).toEqual({ kind: 'venusEnds', how: 'crash', pid: 77 });
});

test('lines are the same in whatever pieces they come', () => {
  const text = readFileSync(
    new URL('../../golden/mariner/mariner_disc2_fetch.txt', import.meta.url),
    'latin1',
  );
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const lines = new MarinerLines();
      const found: MarinerLine[] = [];
      for (let [at, turn] = [0, 0]; at < text.length; turn++) {
        const size = 1 + (sizes[turn % sizes.length] ?? 0);
        found.push(...lines.take(Buffer.from(text.slice(at, at + size), 'latin1')));
        at += size;
      }
      expect(found).toEqual(text.trimEnd().split('\n').map(whole));
    }),
    { numRuns: 30 },
  );
});

test('hostile bytes neither stop the reader nor make it keep more than a line', () => {
  fc.assert(
    fc.property(fc.array(anyBytes, { maxLength: 60 }), (parts) => {
      const lines = new MarinerLines();
      for (const line of parts.flatMap((part) => lines.take(part))) {
        expect(line.text).not.toMatch(/\n|\0/);
        expect(Buffer.byteLength(line.text)).toBeLessThanOrEqual(3 * 254);
        expect(parseMarinerLine(line).kind).toBeTypeOf('string');
      }
    }),
  );
});

test('a volume state with any name is read as it was written', () => {
  const name = anyBytes.map((bytes) => decodeText(bytes).replace(/[\n\0@]/g, ''));
  fc.assert(
    fc.property(
      name,
      fc.nat(),
      fc.subarray(['unauth', 'conflict', 'reint'] as const),
      (volume, entries, flags) => {
        const text = `volstate::${[`${volume}@coda.test`, 'reachable', entries, ...flags].join(' ')}`;
        const expected = {
          kind: 'volumeState',
          volume,
          realm: 'coda.test',
          state: 'reachable',
          entries,
          flags,
        };
        expect(parse(text)).toEqual(expected);
      },
    ),
  );
});
