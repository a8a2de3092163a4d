import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Cuts this venus off from all servers, until reconnect (spec/cfs.md, 6.6). Some of them cannot be named: venus ignores
 * the list that the C tool sends. Always 0; volumes become unreachable as requests to the servers time out.
 */
export const disconnect = defineCall({
  name: 'disconnect',
  opcode: 216,
  follow: true,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
