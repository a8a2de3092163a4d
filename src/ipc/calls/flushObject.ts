import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Drops an object, and all that is cached below it, from the cache (spec/cfs.md, 6.5). EMFILE: it, or something below it, is
 * in use or not on the servers yet.
 */
export const flushObject = defineCall({
  name: 'flush',
  opcode: 6,
  follow: false,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
