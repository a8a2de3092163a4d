import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, optionalFlag } from '../codec.ts';
import { type RealmFid, readFid, writeFid } from '../fid.ts';
import { type VersionVector, readVersionVector, writeVersionVector } from '../versionVector.ts';

export interface Identity {
  readonly fid: RealmFid;
  readonly versionVector: VersionVector;
}

const REALM_FIELD = 65;
const PADDING = 3;
const SIZE = 124;

/** 124 bytes (spec/cfs.md, 4.3); what follows the realm's NUL is stale memory. */
const identity: Codec<Identity> = {
  encode: ({ fid, versionVector }) =>
    writeVersionVector(writeFid(new ByteWriter(), fid), versionVector)
      .paddedString(fid.realm, REALM_FIELD)
      .bytes(new Uint8Array(PADDING))
      .finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'getfid reply');
    const fid = readFid(reader);
    const versionVector = readVersionVector(reader);
    return { fid: { ...fid, realm: reader.paddedString(REALM_FIELD) }, versionVector };
  },
};

/** Fid and version vector of an object, conflicts included. Request: true = of the mount point instead of the volume root. */
export const getFid = defineCall({
  name: 'getfid',
  opcode: 197,
  follow: false,
  outSize: SIZE,
  request: optionalFlag('getfid request'),
  reply: identity,
});
