import { ByteReader, ByteWriter } from '../bytes.ts';
import type { Codec } from '../codec.ts';
import { concatBytes } from '../text.ts';
import { type RealmFid, readFid, writeFid } from '../fid.ts';

/** Venus refuses anything shorter, so that the name of a short realm is filled up with NULs (spec/repair.md, 4). */
const SHORTEST = 17;

/** A fid, the realm's name and its NUL. */
export function fidAndRealm(what: string): Codec<RealmFid> {
  return {
    encode: (fid) => {
      const bytes = writeFid(new ByteWriter(), fid).cString(fid.realm).finish();
      return concatBytes([bytes, new Uint8Array(Math.max(0, SHORTEST - bytes.length))]);
    },
    decode: (bytes) => {
      const reader = new ByteReader(bytes, what);
      const fid = readFid(reader);
      return { ...fid, realm: reader.cString() };
    },
  };
}
