import { defineCall } from '../call.ts';
import { textPayload } from '../codec.ts';

/** Embedded venus only: the Coda user whose token the caller holds for a realm; ENOTCONN if none. */
export const getTokenOwner = defineCall({
  name: 'gettokenowner',
  opcode: 259,
  follow: false,
  request: textPayload('gettokenowner request'),
  reply: textPayload('gettokenowner reply'),
});
