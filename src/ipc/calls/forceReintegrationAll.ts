import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/** As forceReintegration, for all volumes that venus knows (spec/cfs.md, 6.6). Always 0. */
export const forceReintegrationAll = defineCall({
  name: 'forcereintegrate of all volumes',
  opcode: 239,
  follow: true,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
