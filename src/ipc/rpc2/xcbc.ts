import { createCipheriv } from 'node:crypto';
import { concatBytes } from '../text.ts';

/** AES works on blocks of this many bytes. */
export const BLOCK = 16;

/** What AES-XCBC-MAC makes of a key before it looks at a message (RFC 3566). */
export interface XcbcKeys {
  /** For the blocks. */
  readonly cipher: Uint8Array;
  /** Added to a last block that is full. */
  readonly full: Uint8Array;
  /** Added to a last block that had to be filled up. */
  readonly partial: Uint8Array;
}

/** @param key 16 bytes */
export function xcbcKeys(key: Uint8Array): XcbcKeys {
  const blocks = concatBytes([1, 2, 3].map((value) => new Uint8Array(BLOCK).fill(value)));
  const keys = encryptBlocks(key, blocks);
  return {
    cipher: keys.slice(0, BLOCK),
    full: keys.slice(BLOCK, 2 * BLOCK),
    partial: keys.slice(2 * BLOCK),
  };
}

/** All 16 bytes of the MAC. */
export function xcbcMac(keys: XcbcKeys, message: Uint8Array): Uint8Array {
  const blocks = new Uint8Array(Math.max(1, Math.ceil(message.length / BLOCK)) * BLOCK);
  blocks.set(message);
  const isFull = message.length === blocks.length;
  if (!isFull) blocks[message.length] = 0x80;
  xorInto(blocks.subarray(-BLOCK), isFull ? keys.full : keys.partial);
  const cipher = createCipheriv('aes-128-cbc', keys.cipher, new Uint8Array(BLOCK)).setAutoPadding(false);
  const encrypted = cipher.update(blocks);
  const mac = new Uint8Array(encrypted.subarray(-BLOCK));
  blocks.fill(0);
  return mac;
}

/** Each block by itself, with AES-128. */
export function encryptBlocks(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return new Uint8Array(cipher.update(blocks));
}

export function xorInto(target: Uint8Array, other: Uint8Array): void {
  for (const [at, value] of other.entries()) target[at] = (target[at] ?? 0) ^ value;
}

export function wipeXcbc({ cipher, full, partial }: XcbcKeys): void {
  for (const key of [cipher, full, partial]) key.fill(0);
}
