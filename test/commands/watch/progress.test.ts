import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Progress,
  advance,
  begin,
  percentOf,
  rateOf,
  secondsLeft,
} from '../../../src/commands/coda/watch/progress.ts';

/** Told every so many milliseconds that so much more is done. */
function steady(times: number, every: number, amount: number, total?: number): Progress {
  let progress = begin(0, 0, total);
  for (let at = 1; at <= times; at++) progress = advance(progress, at * every, at * amount, total);
  return progress;
}

describe('the rate', () => {
  it('is that of the last ten seconds', () => {
    expect(rateOf(steady(20, 1000, 500), 20_000)).toBe(500);
    let progress = steady(10, 1000, 100);
    for (let at = 11; at <= 20; at++) progress = advance(progress, at * 1000, 1000 + (at - 10) * 900);
    expect(rateOf(progress, 20_000)).toBe(900);
  });

  it('is not known of what has just begun', () => {
    expect(rateOf(begin(0, 0, 100), 100)).toBeUndefined();
    expect(rateOf(advance(begin(0, 0, 100), 50, 50), 50)).toBeUndefined();
    expect(rateOf(advance(begin(0, 0, 100), 500, 50), 500)).toBe(100);
  });

  it('falls to nothing when nothing comes any more', () => {
    const progress = steady(10, 1000, 100);
    expect(rateOf(progress, 15_000)).toBe(50);
    expect(rateOf(progress, 20_000)).toBe(0);
    expect(rateOf(progress, 1_000_000)).toBe(0);
  });

  it('begins anew where less is done than before', () => {
    const progress = advance(steady(10, 1000, 100, 2000), 11_000, 0);
    expect(progress.done).toBe(0);
    expect(rateOf(advance(progress, 12_000, 70), 12_000)).toBe(70);
  });

  it('is never negative, and costs no more memory however often something is told', () => {
    const step = fc.record({ after: fc.nat(3000), more: fc.integer({ min: -50, max: 5000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        let [progress, time, done] = [begin(0, 0, undefined), 0, 0];
        for (const { after, more } of steps) {
          time += after;
          done = Math.max(0, done + more);
          progress = advance(progress, time, done);
          expect(progress.samples.length).toBeLessThanOrEqual(110);
          expect(rateOf(progress, time) ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('the time that is left', () => {
  it('is what is left at the rate', () => {
    expect(secondsLeft(steady(10, 1000, 100, 3000), 10_000)).toBe(20);
    expect(secondsLeft(steady(10, 1000, 100, 1000), 10_000)).toBe(0);
  });

  it('is not known without a rate or without an end', () => {
    expect(secondsLeft(steady(10, 1000, 100), 10_000)).toBeUndefined();
    expect(secondsLeft(steady(10, 1000, 100, 3000), 30_000)).toBeUndefined();
    expect(secondsLeft(begin(0, 0, 10), 10_000)).toBeUndefined();
  });
});

it('percentages are rounded down: all is there only when all is there', () => {
  expect(percentOf(begin(0, 999, 1000))).toBe(99);
  expect(percentOf(begin(0, 1000, 1000))).toBe(100);
  expect(percentOf(begin(0, 0, 0))).toBe(100);
  expect(percentOf(begin(0, 5, undefined))).toBeUndefined();
});
