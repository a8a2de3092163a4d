import { defineConfig } from 'vitest/config';
import packageJson from './package.json' with { type: 'json' };

export default defineConfig({
  define: { CODA_TOOLKIT_VERSION: JSON.stringify(packageJson.version) },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The tools are processes of their own; more workers than processors only make them wait.
    maxWorkers: 2,
    // Node parses this bundle at every start, 30 ms a tool.
    env: { NODE_EXTRA_CA_CERTS: '' },
  },
});
