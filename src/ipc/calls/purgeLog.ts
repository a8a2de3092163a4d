import { defineCall } from '../call.ts';
import { nothing } from '../codec.ts';

/**
 * Throws away all that the modify log of the volume at the path holds, and the cached objects it is about
 * (spec/cml.md, 6). It cannot be undone: make a checkpoint first.
 * ENOENT: the log is empty; EACCES: the caller is neither the log's owner nor root, or the log is being sent;
 * EOPNOTSUPP: not a read-write volume. Waits while another user owns the log.
 */
export const purgeLog = defineCall({
  name: 'purgeml',
  opcode: 212,
  follow: true,
  outSize: 0,
  request: nothing,
  reply: nothing,
});
