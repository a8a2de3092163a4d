import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import type { Codec } from '../codec.ts';
import { type Fid, readFid, writeFid } from '../fid.ts';
import { fidAndRealm } from './fidAndRealm.ts';

const SIZE = 12;

const fid: Codec<Fid> = {
  encode: (value) => writeFid(new ByteWriter(), value).finish(),
  decode: (bytes) => readFid(new ByteReader(bytes, 'getpfid reply')),
};

/** The directory an object lies in; for a volume's root the one its mount point lies in (spec/cfs.md, 6.3). */
export const getParentFid = defineCall({
  name: 'getpfid',
  opcode: 219,
  follow: false,
  outSize: SIZE,
  request: fidAndRealm('getpfid request'),
  reply: fid,
});
