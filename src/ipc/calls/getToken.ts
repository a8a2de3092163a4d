import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import {
  CLEAR_TOKEN_SIZE,
  SECRET_TOKEN_SIZE,
  decodeClearToken,
  encodeClearToken,
  type Token,
} from '../clearToken.ts';
import { type Codec, textPayload } from '../codec.ts';
import { ProtocolError } from '../errors.ts';

/** Asked for by the C tools although only 88 bytes come. */
const OUT_SIZE = 152;

/** Both halves of a token, 88 bytes (spec/auth.md, 8.2). Wrong lengths are an error. */
const token: Codec<Token> = {
  encode: ({ clear, secret }) =>
    new ByteWriter()
      .u32(SECRET_TOKEN_SIZE)
      .bytes(secret)
      .u32(CLEAR_TOKEN_SIZE)
      .bytes(encodeClearToken(clear))
      .finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'gettoken reply');
    expectLength(reader.u32(), SECRET_TOKEN_SIZE);
    const secret = reader.bytes(SECRET_TOKEN_SIZE);
    expectLength(reader.u32(), CLEAR_TOKEN_SIZE);
    return { secret, clear: decodeClearToken(reader.bytes(CLEAR_TOKEN_SIZE)) };
  },
};

function expectLength(found: number, expected: number): void {
  if (found !== expected)
    throw new ProtocolError(`gettoken reply: half of ${found} bytes, ${expected} expected`);
}

/** The calling user's token for a realm; ENOTCONN if there is none. Expired ones are answered too. */
export const getToken = defineCall({
  name: 'gettoken',
  opcode: 8,
  follow: false,
  outSize: OUT_SIZE,
  request: textPayload('gettoken request'),
  reply: token,
});
