import { defineConfig } from 'vitest/config';

/** Tests that still find races in the modify log on a busy machine; they belong to `npm test` once they do not. */
export default defineConfig({
  test: { include: ['test/**/*.stress.ts'], testTimeout: 30_000, hookTimeout: 30_000, maxWorkers: 2 },
});
