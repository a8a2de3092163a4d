/**
 * How RPC2 makes keys of a password (spec/rpc2.md, 5). It was meant to be PBKDF2 with 10,000 iterations, but from the
 * second one on the C library clears what it is about to encrypt, so that all that is left is one MAC and one constant.
 * A real PBKDF2 would give other keys. Guessing a password costs a few blocks of AES.
 */
import { concatBytes, encodeText } from '../text.ts';
import { PackedWriter } from './packing.ts';
import { BLOCK, type XcbcKeys, encryptBlocks, xcbcKeys, xcbcMac, xorInto } from './xcbc.ts';

/** Bytes of a password that count; a shorter one is filled up with NULs. */
export const SECRET_SIZE = 8;

/** The part of a password that counts. */
export function passwordSecret(password: string | Uint8Array): Uint8Array {
  const bytes = typeof password === 'string' ? encodeText(password) : password;
  const secret = new Uint8Array(SECRET_SIZE);
  secret.set(bytes.subarray(0, SECRET_SIZE));
  return secret;
}

/**
 * What a password becomes before it is derived from. A server that keeps this needs no password to know one.
 * @param secret 1 to 16 bytes
 */
export function keyOfSecret(secret: Uint8Array): XcbcKeys {
  const key = new Uint8Array(BLOCK);
  key.set(secret.subarray(0, BLOCK));
  const keys = xcbcKeys(key);
  key.fill(0);
  return keys;
}

/** @param length of the key that is wanted, in bytes */
export function deriveKey(keys: XcbcKeys, salt: Uint8Array, length: number): Uint8Array {
  const constant = encryptBlocks(keys.cipher, keys.full);
  const blocks: Uint8Array[] = [];
  for (let number = 1; number <= Math.ceil(length / BLOCK); number++) {
    const block = xcbcMac(keys, concatBytes([salt, new PackedWriter().u32(number).finish()]));
    xorInto(block, constant);
    blocks.push(block);
  }
  const key = concatBytes(blocks);
  for (const block of blocks) block.fill(0);
  return key.subarray(0, length);
}
