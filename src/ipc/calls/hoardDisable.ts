import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';
import { spareNumber } from '../spareNumber.ts';

/** Has venus walk only when it is asked to, until `hoard on` or its next start. EACCES. */
export const hoardDisable = defineCall({
  name: 'hoard off',
  opcode: 225,
  follow: false,
  outSize: 0,
  request: spareNumber('hoard off request'),
  reply: nothing,
});
