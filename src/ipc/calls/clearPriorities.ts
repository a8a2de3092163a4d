import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Forgets how recently objects were used, which decides what goes first when room is needed (spec/cfs.md, 6.5). Always 0.
 */
export const clearPriorities = defineCall({
  name: 'clearpriorities',
  opcode: 207,
  follow: false,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
