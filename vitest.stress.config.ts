import { defineConfig, mergeConfig } from 'vitest/config';
import config from './vitest.config.ts';

/** Tests that still find races in the modify log on a busy machine; they belong to `npm test` once they do not. */
const stress = mergeConfig(config, defineConfig({}));

export default { ...stress, test: { ...stress.test, include: ['test/**/*.stress.ts'] } };
