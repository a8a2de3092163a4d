import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SiteResult } from '../../../../src/venus/net/peerProtocol.ts';
import {
  NOTHING,
  PART,
  StagedResults,
  inParts,
} from '../../../../src/venus/server/resolution/stagedResults.ts';

const VOLUME = 0x7f00_0001;

/** A result of that many items in some of its lists. */
function resultOf(steps: number, inconsistent: number, concluded: number): SiteResult {
  const fids = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ volume: VOLUME, vnode: 2 * at + 1, unique: at + 1 }));
  return {
    ...NOTHING,
    steps: fids(steps).map((fid) => ({ step: 'count', fid })),
    inconsistent: fids(inconsistent),
    concluded: fids(concluded).map(({ unique }) => ({ host: 1, unique })),
    isEven: true,
    isComplete: concluded > 0,
  };
}

describe('a result in parts', () => {
  const count = fc.integer({ min: 0, max: 3 * PART });

  it('is what it was when all have come, in parts that are no larger than they may be', () => {
    fc.assert(
      fc.property(count, count, count, (steps, inconsistent, concluded) => {
        const result = resultOf(steps, inconsistent, concluded);
        const { ahead, last } = inParts(result);
        const staged = new StagedResults();
        for (const part of ahead) {
          expect(part.steps.length + part.inconsistent.length + part.concluded.length).toBe(PART);
          expect([part.isEven, part.isComplete]).toEqual([false, false]);
          staged.add(VOLUME, 'one', part);
        }
        expect(staged.take(VOLUME, 'one', last)).toEqual(result);
        expect(staged.take(VOLUME, 'one', NOTHING)).toEqual(NOTHING);
      }),
      { numRuns: 20 },
    );
  });

  it('of a resolution that was given up is not performed with the next one', () => {
    const staged = new StagedResults();
    const [whole, other] = [resultOf(3, 2, 1), resultOf(1, 1, 1)];
    staged.add(VOLUME, 'one', whole);
    expect(staged.take(VOLUME, 'two', other)).toEqual(other);
    staged.add(VOLUME, 'two', whole);
    staged.drop(VOLUME, 'one');
    expect(staged.take(VOLUME, 'two', NOTHING).steps).toEqual(whole.steps);
    staged.add(VOLUME, 'three', whole);
    staged.drop(VOLUME, 'three');
    expect(staged.take(VOLUME, 'three', other)).toEqual(other);
  });
});
