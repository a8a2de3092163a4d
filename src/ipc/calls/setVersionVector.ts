import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';
import { ProtocolError } from '../errors.ts';
import { type VersionVector, readVersionVector, writeVersionVector } from '../versionVector.ts';

const SIZE = 44;

const vector: Codec<VersionVector> = {
  encode: (value) => writeVersionVector(new ByteWriter(), value).finish(),
  decode: (bytes) => {
    if (bytes.length !== SIZE)
      throw new ProtocolError(`setvv request: ${bytes.length} bytes, ${SIZE} expected`);
    return readVersionVector(new ByteReader(bytes, 'setvv request'));
  },
};

/** Gives an object another version vector: below an expanded object at that server, else at all (spec/repair.md, 4). */
export const setVersionVector = defineCall({
  name: 'setvv',
  opcode: 199,
  follow: false,
  outSize: 0,
  changes: true,
  request: vector,
  reply: nothing,
});
