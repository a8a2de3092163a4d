/**
 * The half of a token that only servers can read. 56 bytes, opaque to clients, as a real realm's (spec/auth.md, 7.2),
 * but of our own form:
 *
 *   nonce 8 | Coda user id 4 | end, seconds since 1970, 8 | zero 4 | HMAC-SHA-256 of all before 32
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { SECRET_TOKEN_SIZE } from '../../../ipc/clearToken.ts';

const MAC_SIZE = 32;
const BODY_SIZE = SECRET_TOKEN_SIZE - MAC_SIZE;
const [ID_AT, END_AT] = [8, 12];

/** Bytes of the key that the servers of a realm share. */
export const TOKEN_KEY_SIZE = 32;

export interface TokenClaim {
  readonly viceId: number;
  /** Seconds since 1970. */
  readonly ends: number;
}

export function sealToken(claim: TokenClaim, key: Uint8Array): Uint8Array {
  const body = Buffer.alloc(BODY_SIZE);
  randomBytes(ID_AT).copy(body);
  body.writeInt32BE(claim.viceId, ID_AT);
  body.writeBigInt64BE(BigInt(claim.ends), END_AT);
  return Buffer.concat([body, mac(body, key)]);
}

/** @returns undefined if no server of this realm made it. Whether it is still valid is for the caller to see. */
export function openToken(secret: Uint8Array, key: Uint8Array): TokenClaim | undefined {
  if (secret.length !== SECRET_TOKEN_SIZE) return undefined;
  const body = Buffer.from(secret.subarray(0, BODY_SIZE));
  if (!timingSafeEqual(mac(body, key), secret.subarray(BODY_SIZE))) return undefined;
  return { viceId: body.readInt32BE(ID_AT), ends: Number(body.readBigInt64BE(END_AT)) };
}

function mac(body: Uint8Array, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(body).digest();
}
