/**
 * The stream of a dump: frames of a head of 48 bytes and a payload. Numbers are little-endian.
 *
 *     0  magic "CVDF"            12  offset of the frame, u64       32  checksum of bytes 0 to 31 and
 *     4  type, then three 0      20  tag, the start of the dump's id    of the payload, 16 bytes
 *     8  length of payload, u32  28  CRC-32 of bytes 0 to 27
 *
 * The checksum is the first half of a SHA-256: a file whose contents are a dump cannot pass for a part of the one it is
 * in, and no second pass is needed for a digest of the whole. On a machine of 2026 it takes 0.6 ms for 1 MiB.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export const MAGIC = Buffer.from('CVDF', 'latin1');
export const [HEAD_SIZE, TAG_SIZE] = [48, 8] as const;
/** Bytes of a payload at most. */
export const MAX_PAYLOAD = 1024 * 1024;
const [TYPE, LENGTH, OFFSET, TAG, CRC, CHECKSUM] = [4, 8, 12, 20, 28, 32] as const;

export interface FrameHead {
  readonly type: number;
  readonly length: number;
  /** Where the frame stands in the stream. */
  readonly offset: bigint;
  readonly tag: Buffer;
}

/** @param head receives the head @returns the whole frame, in a buffer of its own */
export function encodeFrame(
  type: number,
  payload: Uint8Array,
  offset: bigint,
  tag: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEAD_SIZE + payload.length);
  const head = Buffer.from(frame.buffer, 0, HEAD_SIZE);
  head.set(MAGIC);
  head.writeUInt8(type, TYPE);
  head.writeUInt32LE(payload.length, LENGTH);
  head.writeBigUInt64LE(offset, OFFSET);
  head.set(tag, TAG);
  head.writeUInt32LE(crc32(head.subarray(0, CRC)), CRC);
  head.set(checksum(head, payload), CHECKSUM);
  frame.set(payload, HEAD_SIZE);
  return frame;
}

/** The head at the start of some bytes, at least {@link HEAD_SIZE} of them; undefined if there is none. */
export function decodeHead(bytes: Buffer): FrameHead | undefined {
  if (bytes.readUInt32LE(CRC) !== crc32(bytes.subarray(0, CRC))) return undefined;
  if (bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0 || bytes.readUInt32LE(TYPE) > 0xff)
    return undefined;
  const length = bytes.readUInt32LE(LENGTH);
  if (length > MAX_PAYLOAD) return undefined;
  return {
    type: bytes.readUInt8(TYPE),
    length,
    offset: bytes.readBigUInt64LE(OFFSET),
    tag: Buffer.from(bytes.subarray(TAG, TAG + TAG_SIZE)),
  };
}

/** Whether head and payload are those that were written. */
export function isIntact(head: Buffer, payload: Uint8Array): boolean {
  return checksum(head, payload).equals(head.subarray(CHECKSUM, HEAD_SIZE));
}

function checksum(head: Buffer, payload: Uint8Array): Buffer {
  const hash = createHash('sha256').update(head.subarray(0, CHECKSUM)).update(payload);
  return hash.digest().subarray(0, HEAD_SIZE - CHECKSUM);
}
