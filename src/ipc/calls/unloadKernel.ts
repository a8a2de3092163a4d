import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Was for unloading the module of the kernel. Real venus answers 0, and does nothing (spec/cfs.md, 6.7).
 */
export const unloadKernel = defineCall({
  name: 'unloadkernel',
  opcode: 245,
  follow: false,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
