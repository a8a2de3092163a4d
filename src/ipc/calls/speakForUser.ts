import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';

const uid: Codec<number> = {
  encode: (value) => new ByteWriter().u32(value).finish(),
  decode: (bytes) => new ByteReader(bytes, 'speakforuser request').u32(),
};

/** Embedded venus only: the rest of the connection speaks for this local uid. */
export const speakForUser = defineCall({
  name: 'speakforuser',
  opcode: 256,
  follow: false,
  outSize: 0,
  request: uid,
  reply: nothing,
});
