import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';
import { exactly } from '../exactly.ts';
import { type HoardName, readHoardName, writeHoardName } from '../hoardName.ts';

const SIZE = 1096;

/** 1096 bytes (spec/hoard.md, 6). */
const entryName: Codec<HoardName> = {
  encode: (name) => writeHoardName(new ByteWriter(), name).finish(),
  decode: (bytes) =>
    readHoardName(new ByteReader(exactly(bytes, SIZE, 'hoard delete request'), 'hoard delete request')),
};

/** Takes an entry out of the hoard database. ENOENT: there is none of that name; EACCES. */
export const hoardDelete = defineCall({
  name: 'hoard delete',
  opcode: 201,
  follow: false,
  outSize: 0,
  request: entryName,
  reply: nothing,
});
