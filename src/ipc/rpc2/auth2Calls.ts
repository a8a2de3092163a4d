/** The procedures of auth2 (spec/rpc2.md, 8; spec/auth.md, 7.1). */
import { CLEAR_TOKEN_SIZE, type ClearToken, SECRET_TOKEN_SIZE, type Token } from '../clearToken.ts';
import { ProtocolError } from '../errors.ts';
import { concatBytes } from '../text.ts';
import { SECRET_SIZE } from './keyDerivation.ts';
import { PackedReader, PackedWriter } from './packing.ts';

/** The subsystem of auth2, as little-endian C clients send it; nobody checks it. */
export const AUTH2_SUBSYSTEM = 0x256a1e00;

export const Auth2Call = {
  ChangePassword: 1,
  GetTokens: 2,
  ChangeUser: 3,
  NewUser: 4,
  DeleteUser: 5,
  NameToId: 6,
  Quit: 7,
} as const;

/** Handles of tokens are always this. */
const KEY_SIZE = 8;

/** @param password only its first eight bytes are sent */
export function encodeChangePassword(viceId: number, password: Uint8Array): Uint8Array {
  const counts = password.subarray(0, SECRET_SIZE);
  return new PackedWriter().i32(viceId).string(counts).finish();
}

export interface PasswordChange {
  readonly viceId: number;
  readonly password: Uint8Array;
}

/** @throws ProtocolError */
export function decodeChangePassword(body: Uint8Array): PasswordChange {
  const reader = new PackedReader(body, 'AuthChangePasswd');
  const viceId = reader.i32();
  const length = reader.u32();
  // The C tool sends bytes from behind its buffer where there is no NUL: only the first eight are the password.
  const bytes = reader.bytes(Math.min(length, SECRET_SIZE));
  return { viceId, password: withoutNuls(bytes) };
}

/** A user as administrators make and change him. */
export interface UserChange {
  readonly viceId: number;
  /** The password's eight bytes, filled up with NULs. */
  readonly key: Uint8Array;
  readonly info: string;
}

/** For AuthNewUser and AuthChangeUser. */
export function encodeUserChange({ viceId, key, info }: UserChange): Uint8Array {
  return new PackedWriter().i32(viceId).bytes(key).string(info).finish();
}

/** @throws ProtocolError */
export function decodeUserChange(body: Uint8Array): UserChange {
  const reader = new PackedReader(body, 'AuthNewUser');
  return { viceId: reader.i32(), key: reader.bytes(KEY_SIZE), info: reader.string() };
}

export function encodeId(viceId: number): Uint8Array {
  return new PackedWriter().i32(viceId).finish();
}

/** @throws ProtocolError */
export function decodeId(body: Uint8Array): number {
  return new PackedReader(body, 'a user id').i32();
}

export function encodeName(name: string): Uint8Array {
  return new PackedWriter().string(name).finish();
}

/** @throws ProtocolError */
export function decodeName(body: Uint8Array): string {
  return new PackedReader(body, 'AuthNameToId').string();
}

/** The answer of AuthGetTokens: the secret token, then the clear one in network order. */
export function encodeTokens({ secret, clear }: Token): Uint8Array {
  return concatBytes([secret, encodeClearBigEndian(clear)]);
}

/** @throws ProtocolError */
export function decodeTokens(body: Uint8Array): Token {
  if (body.length !== SECRET_TOKEN_SIZE + CLEAR_TOKEN_SIZE)
    throw new ProtocolError(`AuthGetTokens: ${body.length} bytes`);
  const reader = new PackedReader(body, 'AuthGetTokens');
  const secret = reader.bytes(SECRET_TOKEN_SIZE);
  const clear = {
    authHandle: reader.i32(),
    handshakeKey: reader.bytes(KEY_SIZE),
    viceId: reader.i32(),
    begins: reader.i32(),
    ends: reader.i32(),
  };
  return { secret, clear };
}

function encodeClearBigEndian(clear: ClearToken): Uint8Array {
  return new PackedWriter()
    .i32(clear.authHandle)
    .bytes(clear.handshakeKey)
    .i32(clear.viceId)
    .i32(clear.begins)
    .i32(clear.ends)
    .finish();
}

/** A password as eight bytes hold it. */
export function withoutNuls(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.slice(0, end);
}
