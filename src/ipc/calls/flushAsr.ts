import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Forgets when a resolver last ran for an object in conflict, so that it may run again at once (spec/cfs.md, 6.8).
 */
export const flushAsr = defineCall({
  name: 'flushasr',
  opcode: 228,
  follow: false,
  outSize: 2048,
  request: nothing,
  reply: nothing,
});
