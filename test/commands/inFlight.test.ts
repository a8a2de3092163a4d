import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Outcome, inFlight } from '../../src/commands/inFlight.ts';

async function collect<Item, Result>(
  outcomes: AsyncIterable<Outcome<Item, Result>>,
): Promise<readonly Outcome<Item, Result>[]> {
  const all: Outcome<Item, Result>[] = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
}

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn();
}

describe('many things at a time', () => {
  test('give their outcomes in the order of the items, never more at once than the limit', async () => {
    const item = fc.record({ turns: fc.nat({ max: 5 }), fails: fc.boolean() });
    const limit = fc.integer({ min: 1, max: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 20 }), limit, async (items, most) => {
        let [now, peak] = [0, 0];
        const work = async (wanted: (typeof items)[number]) => {
          now += 1;
          peak = Math.max(peak, now);
          await turns(wanted.turns);
          now -= 1;
          if (wanted.fails) throw new Error(`failed after ${wanted.turns}`);
          return wanted.turns;
        };
        const expected = items.map((wanted) =>
          wanted.fails
            ? { item: wanted, ok: false, error: new Error(`failed after ${wanted.turns}`) }
            : { item: wanted, ok: true, result: wanted.turns },
        );
        expect(await collect(inFlight(items, most, work))).toEqual(expected);
        expect(peak).toBeLessThanOrEqual(most);
        expect(now).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('are as many as the limit allows', async () => {
    let waiting = 0;
    let open: () => void = () => undefined;
    const door = new Promise<void>((resolve) => (open = resolve));
    const work = async () => {
      waiting += 1;
      if (waiting === 4) open();
      await door;
    };
    // With fewer than four at once the door would stay shut.
    expect(await collect(inFlight([1, 2, 3, 4, 5, 6], 4, work))).toHaveLength(6);
  });

  test('are taken from an endless source only as fast as outcomes are', async () => {
    let taken = 0;
    function* endless() {
      for (;;) yield taken++;
    }
    let seen = 0;
    for await (const { item } of inFlight(endless(), 3, (number) => Promise.resolve(number))) {
      expect(taken - item).toBeLessThanOrEqual(3);
      if (++seen === 50) break;
    }
    expect(seen).toBe(50);
  });

  test('that fail at once are outcomes too', async () => {
    const work = (): Promise<never> => {
      throw new Error('at once');
    };
    expect(await collect(inFlight(['a'], 2, work))).toEqual([
      { item: 'a', ok: false, error: new Error('at once') },
    ]);
  });

  test('end with the error of a source that breaks off', async () => {
    function* broken() {
      yield 1;
      throw new Error('source');
    }
    await expect(collect(inFlight(broken(), 4, () => Promise.resolve()))).rejects.toThrow('source');
  });
});
