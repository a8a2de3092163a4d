import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';
import { reintegrationLimits } from './reintegrationLimits.ts';

/** As writeDisconnect, for all volumes that venus knows (spec/cfs.md, 6.6). */
export const writeDisconnectAll = defineCall({
  name: 'writedisconnect of all volumes',
  opcode: 238,
  follow: true,
  outSize: 0,
  request: reintegrationLimits,
  reply: nothing,
});
