import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Has venus ask anew which volumes there are, and where (spec/cfs.md, 6.5). Always 0.
 */
export const checkVolumes = defineCall({
  name: 'checkvolumes',
  opcode: 11,
  follow: true,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
