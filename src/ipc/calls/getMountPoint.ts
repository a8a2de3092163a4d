import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, textPayload } from '../codec.ts';

export interface RealmVolume {
  readonly volume: number;
  readonly realm: string;
}

const REALM_FIELD = 65;
const PADDING = 3;

/** 72 bytes (spec/cfs.md, 4.5). Venus takes any length from 5 up, so the field may be short. */
const realmVolume: Codec<RealmVolume> = {
  encode: ({ volume, realm }) =>
    new ByteWriter().u32(volume).paddedString(realm, REALM_FIELD).bytes(new Uint8Array(PADDING)).finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'getmountpoint request');
    return { volume: reader.u32(), realm: reader.cString() };
  },
};

/** The path where a volume is mounted, if venus has seen it (spec/cfs.md, 6.2). */
export const getMountPoint = defineCall({
  name: 'getmountpoint',
  opcode: 243,
  follow: true,
  request: realmVolume,
  reply: textPayload('getmountpoint reply'),
});
