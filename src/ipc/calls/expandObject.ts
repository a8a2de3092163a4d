import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';

/** Some tools send the path again, which venus ignores. */
const ignored: Codec<void> = { encode: () => new Uint8Array(0), decode: () => undefined };

/**
 * Shows an object in conflict as a directory of its versions, for repair (spec/repair.md, 4). EINVAL if it is not in
 * conflict or expanded already, EINPROGRESS if it is below something that is.
 */
export const enableRepair = defineCall({
  name: 'enable repair',
  opcode: 192,
  follow: false,
  outSize: 0,
  request: ignored,
  reply: nothing,
});

/** The same by its other number. */
export const expandObject = defineCall({ ...enableRepair, name: 'expand', opcode: 41 });

/** Ends that; decisions that were not committed are dropped. EINVAL if it is not expanded. */
export const disableRepair = defineCall({ ...enableRepair, name: 'disable repair', opcode: 193 });

/** The same by its other number. */
export const collapseObject = defineCall({ ...enableRepair, name: 'collapse', opcode: 42 });
