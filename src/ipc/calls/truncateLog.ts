import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/** Has venus empty the log of its own store, RVM's or what stands for it (spec/cfs.md, 6.7). Always 0. */
export const truncateLog = defineCall({
  name: 'truncatelog',
  opcode: 215,
  follow: true,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
