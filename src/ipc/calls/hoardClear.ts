import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';
import { exactly } from '../exactly.ts';

const SIZE = 8;

/** 8 bytes: a uid and a spare number. */
const owner: Codec<number> = {
  encode: (uid) => new ByteWriter().u32(uid).i32(0).finish(),
  decode: (bytes) => new ByteReader(exactly(bytes, SIZE, 'hoard clear request'), 'hoard clear request').u32(),
};

/** Takes all entries of a uid, or of ALL_USERS, out of the hoard database. EACCES. */
export const hoardClear = defineCall({
  name: 'hoard clear',
  opcode: 203,
  follow: false,
  outSize: 0,
  request: owner,
  reply: nothing,
});
