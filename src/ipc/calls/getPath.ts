import { defineCall } from '../call.ts';
import { textPayload } from '../codec.ts';
import { fidAndRealm } from './fidAndRealm.ts';

/** The absolute path of an object, starting with venus's own mount point (spec/cfs.md, 6.3). */
export const getPath = defineCall({
  name: 'getpath',
  opcode: 208,
  follow: false,
  request: fidAndRealm('getpath request'),
  reply: textPayload('getpath reply'),
});
