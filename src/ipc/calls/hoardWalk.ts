import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';
import { spareNumber } from '../spareNumber.ts';

/** Walks: brings what is hoarded here. Answered when the walk is over. EACCES. */
export const hoardWalk = defineCall({
  name: 'hoard walk',
  opcode: 206,
  follow: false,
  outSize: 0,
  request: spareNumber('hoard walk request'),
  reply: nothing,
});
