import { ByteReader, ByteWriter } from '../bytes.ts';
import type { Codec } from '../codec.ts';
import { type RealmFid, readFid, writeFid } from '../fid.ts';

/** A fid, the realm's name and its NUL. */
export function fidAndRealm(what: string): Codec<RealmFid> {
  return {
    encode: (fid) => writeFid(new ByteWriter(), fid).cString(fid.realm).finish(),
    decode: (bytes) => {
      const reader = new ByteReader(bytes, what);
      const fid = readFid(reader);
      return { ...fid, realm: reader.cString() };
    },
  };
}
