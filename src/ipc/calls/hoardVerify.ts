import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';
import { exactly } from '../exactly.ts';
import { readOutFile, writeOutFile } from '../hoardName.ts';
import type { HoardListing } from './hoardList.ts';

export interface HoardVerification extends HoardListing {
  /** 0: what is wrong; 1 to 100: OK for entries, too; more: OK for what they expand to, too. */
  readonly verbosity: number;
}

const SIZE = 1036;

/** 1036 bytes (spec/hoard.md, 6). */
const verification: Codec<HoardVerification> = {
  encode: ({ outFile, uid, verbosity }) =>
    writeOutFile(new ByteWriter(), outFile).u32(uid).i32(0).i32(verbosity).finish(),
  decode: (bytes) => {
    const reader = new ByteReader(exactly(bytes, SIZE, 'hoard verify request'), 'hoard verify request');
    const outFile = readOutFile(reader);
    const uid = reader.u32();
    reader.skip(4);
    return { outFile, uid, verbosity: reader.i32() };
  },
};

/** Has venus write into a file what of the hoarded is here. EACCES, or what opening the file failed with. */
export const hoardVerify = defineCall({
  name: 'hoard verify',
  opcode: 222,
  follow: false,
  outSize: 0,
  request: verification,
  reply: nothing,
});
