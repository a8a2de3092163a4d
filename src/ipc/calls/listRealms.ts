import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';

/** Names, each with its NUL. */
const names: Codec<readonly string[]> = {
  encode: (values) => {
    const writer = new ByteWriter();
    for (const value of values) writer.cString(value);
    return writer.finish();
  },
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'listrealms reply');
    const values: string[] = [];
    while (reader.remaining > 0) values.push(reader.cString());
    return values;
  },
};

/** Embedded venus only: the realms below the Coda root (where there is a mount, they are its entries). */
export const listRealms = defineCall({
  name: 'listrealms',
  opcode: 257,
  follow: false,
  request: nothing,
  reply: names,
});
