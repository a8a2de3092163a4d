import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import { type Codec, nothing } from '../codec.ts';

/** Whether the calling user's requests about a realm wait for servers that do not answer. */
export interface Waiting {
  readonly forever: boolean;
  /** Without one, real venus keeps the setting where it has no effect (spec/cfs.md, Q8). */
  readonly realm: string;
}

const REALM_FIELD = 65;
const PADDING = 3;

/** 72 bytes (spec/cfs.md, 4.5). The realm's field may be short, as for getMountPoint. */
const waiting: Codec<Waiting> = {
  encode: ({ forever, realm }) =>
    new ByteWriter()
      .i32(forever ? 1 : 0)
      .paddedString(realm, REALM_FIELD)
      .bytes(new Uint8Array(PADDING))
      .finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'waitforever request');
    return { forever: reader.i32() !== 0, realm: reader.cString() };
  },
};

/** Sets whether the caller waits for servers or gets ETIMEDOUT (spec/cfs.md, 6.6). Always 0. */
export const waitForever = defineCall({
  name: 'waitforever',
  opcode: 205,
  follow: false,
  outSize: 0,
  request: waiting,
  reply: nothing,
});
