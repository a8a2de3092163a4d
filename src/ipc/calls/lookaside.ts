import { defineCall } from '../call.ts';
import { textPayload } from '../codec.ts';

/**
 * Names the places where venus looks for contents before it fetches them, as text: `--list`, `--clear`, `+PATH`, `-PATH`
 * (spec/cfs.md, 6.5). Venus answers text too, and no errno: the text tells of success and failure.
 */
export const lookaside = defineCall({
  name: 'lookaside',
  opcode: 40,
  follow: false,
  request: textPayload('lookaside request'),
  reply: textPayload('lookaside reply'),
});
