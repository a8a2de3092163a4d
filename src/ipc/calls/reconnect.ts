import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/** Ends a disconnection: all servers, as for disconnect (spec/cfs.md, 6.6). Always 0. */
export const reconnect = defineCall({
  name: 'reconnect',
  opcode: 217,
  follow: true,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
