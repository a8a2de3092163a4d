import { defineCall } from '../call.ts';
import { nothing, textPayload } from '../codec.ts';

/** Stores a directory's ACL, given as text with blanks (spec/cfs.md, 7.2); src/acl writes it. */
export const setAcl = defineCall({
  name: 'setacl',
  opcode: 1,
  follow: true,
  outSize: 0,
  changes: true,
  request: textPayload('setacl request'),
  reply: nothing,
});
