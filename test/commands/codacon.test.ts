import { describe, expect, test } from 'vitest';
import { ActivityLog } from '../../src/commands/codacon/activityLog.ts';
import { activityText, classicText } from '../../src/commands/codacon/activityText.ts';
import { parseSince } from '../../src/commands/codacon/since.ts';
import { parseMarinerLine } from '../../src/ipc/mount/marinerLine.ts';
import type { NewVenusEvent, VenusEvent } from '../../src/ipc/venusEvent.ts';
import { recordedLines } from '../support/mariner.ts';

const noon = new Date(2026, 10, 21, 12, 0, 0).getTime();
const MINUTE = 60_000;
const at = (event: NewVenusEvent, time = noon): VenusEvent => ({ time, ...event });
const read = (line: string, time = noon): VenusEvent => ({
  time,
  line,
  ...parseMarinerLine({ text: line, isCut: false }),
});

describe('a line of the C venus is printed as the C codacon does', () => {
  test.each([
    ['fetch::FetchPartial f4 [293]', 'FetchPartial f4 [293] ( 12:00:00 )\n'],
    [
      'connection::bandwidth s1 2074688 2817830 3560973',
      'bandwidth s1 2074688 2817830 3560973 ( 12:00:00 )\n',
    ],
    ['reintegrate::/, 2/3', '/, 2/3 ( 12:00:00 )\n'],
    ['reintegrate::/, 0/3', '/, 0/3 ( 12:00:00 )\n'],
    [
      'progress::fetching (cf) 0% (0Bs/2048Bs) [0 - 2048]',
      'fetching (cf) 0% (0Bs/2048Bs) [0 - 2048] ( 12:00:00 )\n',
    ],
    [
      'Reintegrate s.test pending tokens for uid = 5',
      'Reintegrate s.test pending tokens for uid = 5 ( 12:00:00 )\n',
    ],
    ['store::SetVV f                  ', 'SetVV f ( 12:00:00 )\n'],
    ['worker::main Got a bogus opcode 30', 'main Got a bogus opcode 30 ( 12:00:00 )\n'],
    ['   [0, 0, 0, 0] [0]', '   [0, 0, 0, 0] [0] ( 12:00:00 )\n'],
    ['', ' ( 12:00:00 )\n'],
    ['fetch::Fetch done', ''],
    ['store::validatevols done', ''],
    ['cache::all done', 'all done ( 12:00:00 )\n'],
    ['fetch::GetAttr a\x1b[2Jb', 'GetAttr a\\x1b[2Jb ( 12:00:00 )\n'],
  ])('%s', (line, printed) => {
    expect(new ActivityLog(noon).textOf(read(line))).toBe(printed);
  });

  test('all that were recorded', () => {
    const lines = recordedLines('mariner_disc2_fetch.txt');
    const expected = lines
      .filter((line) => !/^(fetch|store)::.* done$/.test(line))
      .map((line) => `${line.replace(/^[a-z]+::/, '')} ( 12:00:00 )\n`);
    const log = new ActivityLog(noon);
    expect(lines.map((line) => log.textOf(read(line))).join('')).toBe(expected.join(''));
  });
});

test.each<[NewVenusEvent, string | undefined]>([
  [
    {
      kind: 'volumeState',
      volume: '/',
      realm: 'r',
      state: 'unreachable',
      entries: 3,
      flags: ['unauth', 'reint'],
    },
    '/@r unreachable 3 unauth reint',
  ],
  [{ kind: 'reintegrationBegins', volume: 'u.jan', uid: 5, total: 500 }, 'u.jan, 500/500'],
  [{ kind: 'reintegrationProgress', volume: 'u.jan', done: 100, total: 500 }, 'u.jan, 400/500'],
  [
    { kind: 'reintegrationEnds', volume: 'u.jan', done: 500, total: 500, bytes: 7, result: 'done' },
    'u.jan, 0/500, 7 bytes sent',
  ],
  [
    { kind: 'reintegrationEnds', volume: 'u.jan', done: 100, total: 500, bytes: 7, result: 'conflict' },
    'u.jan, 400/500, stopped: conflict',
  ],
  [
    { kind: 'storeProgress', volume: 'v', path: '/coda/r/f', sent: 1024, length: 1500 },
    'SendReintFragment v, /coda/r/f [2] (1024/1500)',
  ],
  [{ kind: 'fetchBegins', path: '/coda/r/f', length: 1500 }, 'Fetch /coda/r/f [2]'],
  [{ kind: 'fetchProgress', path: 'f', received: 1, length: 3 }, 'fetching (f) 33% (1Bs/3Bs) [0 - 3]'],
  // A name cannot make a line vanish, as it can in the C codacon.
  [{ kind: 'fetchBegins', path: 'is done x', length: 0 }, 'Fetch is done x [0]'],
  [{ kind: 'fetchEnds', path: 'f' }, undefined],
  [{ kind: 'fetchEnds', path: 'f', failure: 'Connection timed out' }, 'Fetch f failed: Connection timed out'],
  [{ kind: 'server', server: 's1', state: 'unreachable' }, 'unreachable s1'],
  [
    { kind: 'conflict', between: 'local/global', path: '/coda/r/f', fid: '1.2.3', why: 'because' },
    'CONFLICT (local/global): /coda/r/f (1.2.3)',
  ],
  [{ kind: 'awaitsTokens', volume: '/', uid: 5 }, 'Reintegrate / pending tokens for uid = 5'],
  [
    { kind: 'writerWaits', volume: '/', uid: 6, owner: 5, entries: 9 },
    'Writer of uid 6 waits for the log of uid 5: /, 9',
  ],
  [{ kind: 'checkpoint', volume: '/', path: '/spool/a.tar', entries: 9 }, 'Checkpoint /, 9: /spool/a.tar'],
  [{ kind: 'token', realm: 'r', uid: 5, change: 'set' }, 'Token set: uid 5, @r'],
  [{ kind: 'opened', path: '/coda/r/f', uid: 5, length: 1 }, undefined],
])('the embedded venus: %j', (event, text) => {
  expect(activityText(at(event))).toBe(text);
});

test('a name with :: keeps it, where the C codacon would drop what stands before', () => {
  expect(classicText('Reintegrate a::b pending')?.trimEnd()).toBe('b pending');
  expect(activityText(at({ kind: 'awaitsTokens', volume: 'a::b', uid: 5 }))).toContain(' a::b ');
});

describe('codacon', () => {
  test('prints a line for each new day, and none for today', () => {
    const log = new ActivityLog(noon);
    const up: NewVenusEvent = { kind: 'server', server: 's1', state: 'up' };
    const printed = [noon - 36 * 60 * MINUTE, noon - 35 * 60 * MINUTE, noon, noon + MINUTE].map((time) =>
      log.textOf(at(up, time)),
    );
    expect(printed.join('')).toBe(
      '\nDate: Fri 11/20/2026\n\nup s1 ( 00:00:00 )\nup s1 ( 01:00:00 )\n' +
        '\nDate: Sat 11/21/2026\n\nup s1 ( 12:00:00 )\nup s1 ( 12:01:00 )\n',
    );
    expect(new ActivityLog(noon).textOf(at(up))).toBe('up s1 ( 12:00:00 )\n');
  });

  test('prints the state of a volume when it is another one, not when only its log has grown', () => {
    const log = new ActivityLog(noon);
    const lines = ['/@r reachable 0', '/@r reachable 4 reint', '/@r unreachable 4', '/@r unreachable 5'];
    lines.push('/@r reachable 5 unauth', 'v@r unreachable 0', '/@r reachable 0');
    expect(lines.filter((line) => log.textOf(read(`volstate::${line}`)) !== '')).toEqual([
      '/@r unreachable 4',
      '/@r reachable 5 unauth',
      'v@r unreachable 0',
      '/@r reachable 0',
    ]);
  });
});

describe('--since', () => {
  const time = (...parts: [number, number, number, number?, number?, number?]) =>
    new Date(...parts).getTime();
  test.each([
    ['10m', noon - 10 * MINUTE],
    ['2h', noon - 120 * MINUTE],
    ['1d', noon - 24 * 60 * MINUTE],
    ['90', noon - 90_000],
    ['99999w', 0],
    ['11:59', noon - MINUTE],
    ['12:00', noon],
    ['9:05:30', time(2026, 10, 21, 9, 5, 30)],
    ['12:01', time(2026, 10, 20, 12, 1)],
    ['2026-11-20', time(2026, 10, 20)],
    ['2026-11-20T08:30', time(2026, 10, 20, 8, 30)],
    ['2026-11-20 08:30:15', time(2026, 10, 20, 8, 30, 15)],
    ['2026-11-20T08:30:15.250Z', Date.UTC(2026, 10, 20, 8, 30, 15, 250)],
    ['2026-11-20T08:30+02:00', Date.UTC(2026, 10, 20, 6, 30)],
    ['yesterday', undefined],
    ['24:00', undefined],
    ['12:60', undefined],
    ['2026-13-01', undefined],
    ['-5m', undefined],
    ['', undefined],
  ])('%s', (text, expected) => {
    expect(parseSince(text, noon)).toBe(expected);
  });
});
