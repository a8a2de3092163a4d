import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';
import { reintegrationLimits } from './reintegrationLimits.ts';

/**
 * Sets, for good, when the changes of the volume that a path lies in are sent (spec/cfs.md, 6.6). EOPNOTSUPP for a
 * volume that is not read-write.
 */
export const writeDisconnect = defineCall({
  name: 'writedisconnect',
  opcode: 220,
  follow: false,
  outSize: 0,
  request: reintegrationLimits,
  reply: nothing,
});
