import { describe, expect, test } from 'vitest';
import { answerFrom, textOf } from '../../src/commands/coda/offlineAnswer.ts';
import type { HoardedFacts, OfflineFacts } from '../../src/commands/coda/offlineFacts.ts';
import type { CacheFacts, HoardedObject } from '../../src/ipc/hoard.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const NOTHING = { objects: 0, bytes: 0 };

const room: CacheFacts = {
  capacity: { objects: 1000, bytes: 1_000_000 },
  used: { objects: 10, bytes: 5000 },
  filledBy: { unsent: 0, open: 0, hoarded: 5000, other: 0 },
  disk: { directory: '/var/coda', free: 1e9 },
  entries: { count: 1 },
  walks: { isPeriodic: true, interval: 600 },
};

const missing: HoardedObject = {
  path: '/coda/r.org/src/large',
  priority: 700,
  uid: 1000,
  entry: { volume: 1, realm: 'r.org', name: './src' },
  isEntry: false,
  state: 'missing',
  reason: 'no room',
};

function hoarded(...problems: readonly HoardedObject[]): HoardedFacts {
  const of = (state: string) => ({
    objects: problems.filter((each) => each.state === state).length,
    bytes: 0,
  });
  const present = { objects: 10, bytes: 5000 };
  return { summary: { entries: 1, present, stale: of('stale'), missing: of('missing') }, problems };
}

const allWell: OfflineFacts = {
  hoarded: { known: hoarded() },
  unsent: { known: [] },
  tokens: { known: [{ realm: 'r.org', state: 'valid', ends: NOW / 1000 + 3600 }] },
  conflicts: { known: [] },
  cache: { known: room },
};

const readyWith = (changed: Partial<OfflineFacts>) => answerFrom({ ...allWell, ...changed }, NOW).ready;

describe('ready to go', () => {
  test('if everything that is hoarded is here and nothing is in conflict', () => {
    expect(answerFrom(allWell, NOW)).toEqual({ ready: 'yes', against: [], remarks: [] });
  });

  test('not if something is missing, stale or in conflict, or nothing more can be written', () => {
    expect(readyWith({ hoarded: { known: hoarded(missing) } })).toBe('no');
    expect(
      readyWith({ hoarded: { known: hoarded({ ...missing, state: 'stale', reason: 'changed' }) } }),
    ).toBe('no');
    expect(readyWith({ conflicts: { known: ['/coda/r.org/x'] } })).toBe('no');
    expect(
      readyWith({ cache: { known: { ...room, filledBy: { ...room.filledBy, unsent: 950_000 } } } }),
    ).toBe('no');
    expect(readyWith({ cache: { known: { ...room, disk: { directory: '/', free: 1000 } } } })).toBe('no');
  });

  test('unknown if venus does not tell what decides, unless something else stands against it', () => {
    const unknown = { unknown: 'venus does not tell' };
    expect(readyWith({ hoarded: unknown })).toBe('unknown');
    expect(readyWith({ conflicts: unknown })).toBe('unknown');
    expect(readyWith({ conflicts: unknown, hoarded: { known: hoarded(missing) } })).toBe('no');
    expect(readyWith({ cache: unknown, unsent: unknown, tokens: unknown })).toBe('yes');
  });

  test('although a token has ended, nothing is hoarded or venus does not walk: that is said', () => {
    const { ready, remarks } = answerFrom(
      {
        ...allWell,
        hoarded: {
          known: {
            summary: { entries: 0, present: NOTHING, stale: NOTHING, missing: NOTHING },
            problems: [],
          },
        },
        tokens: { known: [{ realm: 'r.org', state: 'expired', ends: NOW / 1000 - 1 }] },
        cache: { known: { ...room, walks: { isPeriodic: false } } },
      },
      NOW,
    );
    expect(ready).toBe('yes');
    expect(remarks).toHaveLength(3);
    expect(remarks.join()).toMatch(/nothing is hoarded.*clog.*hoard on/);
  });
});

describe('one screen', () => {
  const show = (facts: OfflineFacts) =>
    textOf(facts, answerFrom(facts, NOW), { now: NOW, userPath: (path) => path.replace(/^\/coda/, '/mnt') });

  test('names what is missing, with the reason and what to do', () => {
    const text = show({ ...allWell, hoarded: { known: hoarded(missing) } });
    expect(text).toMatch(/^Ready to go: no\.\n/);
    expect(text).toContain('/mnt/r.org/src/large: missing, there is no room for it in the cache (hoard plan');
  });

  test('stays one screen, however much is missing', () => {
    const many = Array.from({ length: 500 }, (_, at) => ({ ...missing, path: `/coda/r.org/${at}` }));
    const text = show({ ...allWell, hoarded: { known: hoarded(...many) } });
    expect(text.split('\n').length).toBeLessThan(30);
    expect(text).toContain('and 488 more: hoard verify');
  });

  test('says in words what is not known', () => {
    const unknown = { unknown: 'the venus of a mounted Coda does not tell' };
    const text = show({
      hoarded: unknown,
      unsent: unknown,
      tokens: unknown,
      conflicts: unknown,
      cache: unknown,
    });
    expect(text).toMatch(/^Ready to go: unknown\./);
    expect(text.match(/unknown: the venus of a mounted Coda does not tell/g)).toHaveLength(7);
  });
});
