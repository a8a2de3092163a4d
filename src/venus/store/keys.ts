/** Keys of the stores: big-endian numbers and then bytes, so that they sort as one expects. */
import { concatBytes, encodeText } from '../../ipc/text.ts';

export type Key = Uint8Array;

/** Fixed-size numbers first, then at most one name. */
export function key(...parts: readonly (number | string)[]): Key {
  return concatBytes(parts.map((part) => (typeof part === 'number' ? u32(part) : encodeText(part))));
}

/** The first key that is larger than all that begin with a prefix of whole numbers; none after the largest prefix. */
export function keyAfter(prefix: Key): Key | undefined {
  const next = Uint8Array.from(prefix);
  for (let at = next.length - 1; at >= 0; at--) {
    const byte = (next[at] ?? 0) + 1;
    next[at] = byte & 0xff;
    if (byte <= 0xff) return next;
  }
  return undefined;
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
