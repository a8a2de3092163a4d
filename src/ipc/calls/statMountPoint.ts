import { defineCall } from '../call.ts';
import { textPayload } from '../codec.ts';

/** The contents of a mount point's link, as `#volume.`, by its entry in the directory at the path (spec/cfs.md, 6.4). */
export const statMountPoint = defineCall({
  name: 'lsmount',
  opcode: 29,
  follow: false,
  request: textPayload('lsmount request'),
  reply: textPayload('lsmount reply'),
});
