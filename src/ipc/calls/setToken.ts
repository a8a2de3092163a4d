import { ByteReader, ByteWriter } from '../bytes.ts';
import { defineCall } from '../call.ts';
import {
  CLEAR_TOKEN_SIZE,
  SECRET_TOKEN_SIZE,
  decodeClearToken,
  encodeClearToken,
  type Token,
} from '../clearToken.ts';
import { type Codec, nothing } from '../codec.ts';

const REALM_FIELD = 64;

/** A token and the realm it is for, 152 bytes (spec/auth.md, 8.2). Venus ignores both length words. */
const tokenForRealm: Codec<{ readonly token: Token; readonly realm: string }> = {
  encode: ({ token, realm }) =>
    new ByteWriter()
      .u32(SECRET_TOKEN_SIZE)
      .bytes(token.secret)
      .u32(CLEAR_TOKEN_SIZE)
      .bytes(encodeClearToken(token.clear))
      .paddedString(realm, REALM_FIELD)
      .finish(),
  decode: (bytes) => {
    const reader = new ByteReader(bytes, 'settoken request');
    reader.skip(4);
    const secret = reader.bytes(SECRET_TOKEN_SIZE);
    reader.skip(4);
    const clear = decodeClearToken(reader.bytes(CLEAR_TOKEN_SIZE));
    return { token: { clear, secret }, realm: reader.paddedString(REALM_FIELD) };
  },
};

/** Gives venus the token of the calling user for a realm. */
export const setToken = defineCall({
  name: 'settoken',
  opcode: 3,
  follow: false,
  outSize: 0,
  request: tokenForRealm,
  reply: nothing,
});
