import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Drops the objects of the volume that a path lies in from the cache; those in use, or not on the servers yet, stay
 * (spec/cfs.md, 6.5). Always 0 once the volume is found.
 */
export const flushVolume = defineCall({
  name: 'flushvolume',
  opcode: 37,
  follow: false,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
