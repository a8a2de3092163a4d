import { ByteReader, ByteWriter } from './bytes.ts';
import type { Codec } from './codec.ts';
import { exactly } from './exactly.ts';

const SIZE = 4;

/** A payload of four bytes that mean nothing, and that venus wants all the same (spec/hoard.md, 6). */
export function spareNumber(what: string): Codec<number> {
  return {
    encode: (value) => new ByteWriter().i32(value).finish(),
    decode: (bytes) => new ByteReader(exactly(bytes, SIZE, what), what).i32(),
  };
}
