import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileInput } from '../../../src/cml/archive/input.ts';
import { useTemporaryDirectory } from '../../support/temporaryDirectory.ts';
import { patternOf } from './support.ts';

const path = useTemporaryDirectory();

describe('a file as the input of an archive', () => {
  it('gives the bytes of any place, in any order, whatever was read ahead', async () => {
    const contents = Buffer.from(patternOf(3_000_000, 3), 'latin1');
    writeFileSync(path('file'), contents);
    const place = fc.record({
      length: fc.constantFrom(1, 4096, 524_288, 1_048_576),
      jump: fc.constantFrom(0, 0, 0, 17, 5000, 700_000, -100_000),
    });
    const property = fc.asyncProperty(fc.array(place, { maxLength: 12 }), async (places) => {
      const handle = await open(path('file'));
      try {
        const input = await fileInput(handle);
        let position = 0;
        for (const { length, jump } of places) {
          position = Math.max(0, position + jump);
          const into = Buffer.alloc(length);
          const count = await input.read(into, position);
          expect(count).toBeGreaterThanOrEqual(position < contents.length ? 1 : 0);
          expect(into.subarray(0, count).equals(contents.subarray(position, position + count))).toBe(true);
          position += count;
        }
        expect(await input.read(Buffer.alloc(10), contents.length)).toBe(0);
      } finally {
        await handle.close();
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
