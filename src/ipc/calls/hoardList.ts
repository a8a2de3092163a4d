import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';
import { exactly } from '../exactly.ts';
import { readOutFile, writeOutFile } from '../hoardName.ts';

export interface HoardListing {
  /** An absolute path as venus sees it. Venus makes it anew, mode 0600, and gives it to the caller. */
  readonly outFile: string;
  /** Owner of the entries, or ALL_USERS. */
  readonly uid: number;
}

const SIZE = 1032;

/** 1032 bytes (spec/hoard.md, 6). */
const listing: Codec<HoardListing> = {
  encode: ({ outFile, uid }) => writeOutFile(new ByteWriter(), outFile).u32(uid).i32(0).finish(),
  decode: (bytes) => {
    const reader = new ByteReader(exactly(bytes, SIZE, 'hoard list request'), 'hoard list request');
    return { outFile: readOutFile(reader), uid: reader.u32() };
  },
};

/** Has venus write the entries of the hoard database into a file. EACCES, or what opening the file failed with. */
export const hoardList = defineCall({
  name: 'hoard list',
  opcode: 204,
  follow: false,
  outSize: 0,
  request: listing,
  reply: nothing,
});
