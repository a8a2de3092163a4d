import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';
import { spareNumber } from '../spareNumber.ts';

/** Has venus walk from time to time by itself. EACCES. */
export const hoardEnable = defineCall({
  name: 'hoard on',
  opcode: 224,
  follow: false,
  outSize: 0,
  request: spareNumber('hoard on request'),
  reply: nothing,
});
