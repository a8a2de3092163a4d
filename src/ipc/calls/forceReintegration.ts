import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Sends the modify log of the volume that a path lies in, whatever its age, and waits until it is tried
 * (spec/cfs.md, 6.6). EOPNOTSUPP for a volume that is not read-write, else 0 whatever the outcome: getVolumeStatus
 * tells what is left.
 */
export const forceReintegration = defineCall({
  name: 'forcereintegrate',
  opcode: 140,
  follow: false,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
