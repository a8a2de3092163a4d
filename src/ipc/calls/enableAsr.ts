import { defineCall } from '../call.ts';
import { nothing, textPayload } from '../codec.ts';

/**
 * Lets application-specific resolvers run in the volume that a path lies in (spec/cfs.md, 6.8). The C tool sends the path
 * as it was typed, which venus ignores. EOPNOTSUPP: the volume is not replicated.
 */
export const enableAsr = defineCall({
  name: 'enableasr',
  opcode: 226,
  follow: false,
  request: textPayload('enableasr request'),
  reply: nothing,
});

/** Keeps them from running. EBUSY: one runs now. */
export const disableAsr = defineCall({ ...enableAsr, name: 'disableasr', opcode: 227 });
