import { ByteReader, ByteWriter } from './bytes.ts';

/**
 * The half of a token that its owner can read (spec/auth.md, 7.1). The other half, the secret token, is
 * opaque to clients.
 */
export interface ClearToken {
  readonly authHandle: number;
  /** Eight random bytes, the secret shared with the file servers. */
  readonly handshakeKey: Uint8Array;
  readonly viceId: number;
  /** Seconds since 1970. */
  readonly begins: number;
  readonly ends: number;
}

/** Both halves: what a login yields and venus keeps. */
export interface Token {
  readonly clear: ClearToken;
  /** {@link SECRET_TOKEN_SIZE} opaque bytes. */
  readonly secret: Uint8Array;
}

export const CLEAR_TOKEN_SIZE = 24;
export const SECRET_TOKEN_SIZE = 56;
const KEY_SIZE = 8;

/** As the pioctls carry it, in the byte order of this kind of machine. */
export function encodeClearToken(token: ClearToken): Uint8Array {
  return new ByteWriter()
    .i32(token.authHandle)
    .bytes(token.handshakeKey)
    .i32(token.viceId)
    .i32(token.begins)
    .i32(token.ends)
    .finish();
}

export function decodeClearToken(bytes: Uint8Array): ClearToken {
  const reader = new ByteReader(bytes, 'clear token');
  return {
    authHandle: reader.i32(),
    handshakeKey: reader.bytes(KEY_SIZE),
    viceId: reader.i32(),
    begins: reader.i32(),
    ends: reader.i32(),
  };
}
