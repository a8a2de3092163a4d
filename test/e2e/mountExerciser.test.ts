import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Place, type Step, step } from './mountModel.ts';
import { MountedRealm, whyNotMountable } from './mountSupport.ts';

/** Steps in all; more with CODA_MOUNT_STEPS, and others with CODA_MOUNT_SEED. */
const STEPS = Number(process.env['CODA_MOUNT_STEPS'] ?? 400);
const SEED = Number(process.env['CODA_MOUNT_SEED'] ?? 1);
const PER_RUN = 40;

describe.skipIf(whyNotMountable !== undefined)('a mounted venus under any steps', () => {
  let mounted: MountedRealm;
  let local: string;
  beforeAll(async () => {
    mounted = await MountedRealm.start();
    local = mkdtempSync(join(tmpdir(), 'coda-model-'));
  });
  afterAll(async () => {
    await mounted.end();
    rmSync(local, { recursive: true, force: true });
  });

  it('does what a local disk does', { timeout: 60_000 + STEPS * 1000 }, () => {
    let runs = 0;
    const alike = (steps: readonly Step[]) => {
      runs += 1;
      const places = [new Place(join(local, `run${runs}`)), new Place(join(mounted.root, `run${runs}`))];
      try {
        for (const [at, each] of steps.entries()) {
          const [here, there] = places.map((place) => place.do(each));
          expect(there, `step ${at} ${each.do}`).toBe(here);
        }
        const [here, there] = places.map((place) => place.show());
        expect(there).toBe(here);
      } finally {
        for (const place of places) place.end();
      }
    };
    const many = fc.array(step, { minLength: PER_RUN, maxLength: PER_RUN });
    fc.assert(fc.property(many, alike), { numRuns: Math.ceil(STEPS / PER_RUN), seed: SEED });
  });
});
