import { defineCall } from '../call.ts';
import { nothing, textPayload } from '../codec.ts';

/** Makes venus forget the calling user's token for a realm (spec/auth.md, 8.2). */
export const forgetToken = defineCall({
  name: 'unlog',
  opcode: 9,
  follow: false,
  outSize: 0,
  request: textPayload('unlog request'),
  reply: nothing,
});
