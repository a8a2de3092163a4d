import { defineCall } from '../call.ts';
import { nothing, textPayload } from '../codec.ts';

/** The ACL of a directory, as text with TABs (spec/cfs.md, 7.1); src/acl reads it. */
export const getAcl = defineCall({
  name: 'getacl',
  opcode: 2,
  follow: true,
  request: nothing,
  reply: textPayload('getacl reply'),
});
