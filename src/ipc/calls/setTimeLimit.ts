import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';

const milliseconds: Codec<number> = {
  encode: (value) => new ByteWriter().u32(value).finish(),
  decode: (bytes) => new ByteReader(bytes, 'settimelimit request').u32(),
};

/**
 * Embedded venus only: how many milliseconds whoever asks waits for each answer in the rest of the connection. A change
 * that has to wait for somebody else's log is refused shortly before.
 */
export const setTimeLimit = defineCall({
  name: 'settimelimit',
  opcode: 260,
  follow: false,
  outSize: 0,
  request: milliseconds,
  reply: nothing,
});
