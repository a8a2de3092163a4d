import { defineCall } from '../call.ts';
import { nothing, textPayload } from '../codec.ts';

/** Removes a mount point, named by its entry in the directory at the path (spec/cfs.md, 6.4). */
export const deleteMountPoint = defineCall({
  name: 'rmmount',
  opcode: 28,
  follow: false,
  outSize: 0,
  changes: true,
  request: textPayload('rmmount request'),
  reply: nothing,
});
