import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Drops all objects from the cache; those in use, or not on the servers yet, stay (spec/cfs.md, 6.5). Always 0.
 */
export const flushCache = defineCall({
  name: 'flushcache',
  opcode: 198,
  follow: true,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
