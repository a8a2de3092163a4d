import fc from 'fast-check';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { getToken } from '../../src/ipc/calls/getToken.ts';
import { formatCtime, formatDuration, formatListTime, parseDuration } from '../../src/term/time.ts';
import { readRecordings, readRuns } from '../support/recordings.ts';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
  return () => vi.unstubAllEnvs();
});

describe('the time as C prints it', () => {
  test.each([
    [0, 'Thu Jan  1 00:00:00 1970'],
    [-1, 'Wed Dec 31 23:59:59 1969'],
    [1_795_296_854, 'Sat Nov 21 21:34:14 2026'],
    [951_782_400, 'Tue Feb 29 00:00:00 2000'],
    [2 ** 31, 'Tue Jan 19 03:14:08 2038'],
  ])('of %s is %s', (time, text) => {
    expect(formatCtime(time)).toBe(text);
  });

  test('is that of any second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (time) => {
        // As `Thu, 01 Jan 1970 00:00:00 GMT`.
        const [day = '', date = '', month = '', year = '', clock = ''] = new Date(time * 1000)
          .toUTCString()
          .split(' ');
        const text = `${day.slice(0, 3)} ${month} ${date.replace(/^0/, ' ')} ${clock} ${year}`;
        expect(formatCtime(time)).toBe(text);
      }),
    );
  });

  test('is local, with summer time', () => {
    vi.stubEnv('TZ', 'Europe/Berlin');
    expect(formatCtime(1_782_864_000)).toBe('Wed Jul  1 02:00:00 2026');
    expect(formatCtime(1_798_761_600)).toBe('Fri Jan  1 01:00:00 2027');
  });

  test('is what the C tool printed of each recorded token', () => {
    const recordings = new Map(readRecordings().map((recording) => [recording.index, recording]));
    const runs = readRuns().filter(({ stdout }) => stdout.includes('Expiration time: '));
    expect(runs.length).toBeGreaterThan(3);
    for (const { stdout, pioctls } of runs) {
      const output = recordings.get(pioctls[0] ?? -1)?.output ?? new Uint8Array(0);
      expect(stdout).toContain(`Expiration time: ${formatCtime(getToken.reply.decode(output).clear.ends)}\n`);
    }
  });
});

describe('the time in a listing', () => {
  const now = Date.UTC(2026, 10, 21);
  const day = 24 * 3600 * 1000;

  test.each([
    { at: Date.UTC(2026, 10, 20, 21, 59, 59), text: 'Nov 20 21:59' },
    { at: Date.UTC(2026, 10, 1, 1, 2), text: 'Nov  1 01:02' },
    { at: now - 182 * day + 1, text: 'May 23 00:00' },
    { at: now - 182 * day, text: 'May 23  2026' },
    { at: now + 182 * day - 1, text: 'May 21 23:59' },
    { at: now + 182 * day, text: 'May 22  2027' },
    { at: 0, text: 'Jan  1  1970' },
  ])('is $text, with the year where it is far away', ({ at, text }) => {
    expect(formatListTime(at, now)).toBe(text);
  });
});

describe('a duration', () => {
  test.each([
    ['90', 90],
    ['0', 0],
    ['1.5', 1.5],
    ['90s', 90],
    ['250ms', 0.25],
    ['5m', 300],
    ['2h', 7200],
    ['1d', 86_400],
    ['1w', 604_800],
    ['0.5h', 1800],
    ['1h30m', 5400],
    ['1m1ms', 60.001],
    ['1w2d3h4m5s', 604_800 + 2 * 86_400 + 3 * 3600 + 4 * 60 + 5],
  ])('%s is %s seconds', (text, seconds) => {
    expect(parseDuration(text)).toBeCloseTo(seconds, 9);
  });

  test.each([
    '',
    ' ',
    '-1',
    '+1',
    's',
    'soon',
    '1 h',
    ' 1h',
    '1h ',
    '1h\n',
    '1h30',
    '.5',
    '5.',
    '1e3',
    '0x10',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each(['1y', '1H', '1hm', '1,5h', '1h-30m', '١s', 'Infinity', 'NaN'])('%s is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test('is the sum of its parts', () => {
    const part = fc.tuple(fc.nat({ max: 999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const texts = parts.map(([number, unit]) => `${number}${unit}`);
        const sum = texts.reduce((seconds, text) => seconds + (parseDuration(text) ?? NaN), 0);
        expect(parseDuration(texts.join(''))).toBeCloseTo(sum, 6);
      }),
    );
  });
});

describe('a duration for a person', () => {
  test.each([
    [0, '0 s'],
    [-5, '0 s'],
    [0.4, '0 s'],
    [48, '48 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [125, '2 min 5 s'],
    [3599, '59 min 59 s'],
    [3600, '1 h 0 min'],
    [7500, '2 h 5 min'],
    [86_399, '23 h 59 min'],
    [86_400, '1 d 0 h'],
    [1_000_000, '11 d 13 h'],
  ])('of %s seconds is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
