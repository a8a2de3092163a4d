/** The 512-byte blocks of tar (spec/cml.md, 5.4): v7 tar, ustar, pax and what GNU tar adds. */
import { decodePart } from '../../ipc/text.ts';
import { PERMISSIONS } from './entry.ts';
import { readPlainTarNumber, readTarNumber } from './numbers.ts';

export const BLOCK = 512;
export const USTAR_MAGIC = 'ustar';
export const MAGIC_AT = 257;
const CHECKSUM_AT = 148;
const CHECKSUM_SIZE = 8;
const BLANK = 0x20;
const [NAME_SIZE, PREFIX_AT, PREFIX_SIZE, LINK_AT, TYPE_AT] = [100, 345, 155, 157, 156];
const EVERY_OTHER = 0x00ff00ff;

export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** `0` a file, `1` a hard link, `2` a symbolic link, `5` a directory, `x` records of pax, … */
  readonly type: string;
  readonly target: string;
  /** Whether it has the magic of ustar. */
  readonly isUstar: boolean;
}

/**
 * @param words the same bytes as numbers
 * @returns undefined for a block that is no header
 */
export function parseTarHeader(bytes: Uint8Array, at = 0, words = wordsOf(bytes)): TarHeader | undefined {
  const field = (from: number, length: 8 | 12) => {
    const plain = readPlainTarNumber(words, at + from, length);
    return plain >= 0 ? plain : readTarNumber(bytes, at + from, length);
  };
  if (field(CHECKSUM_AT, CHECKSUM_SIZE) !== checksumOf(bytes, at, words)) return undefined;
  const [mode, uid, gid] = [field(100, 8), field(108, 8), field(116, 8)];
  const [size, modified] = [field(124, 12), field(136, 12)];
  if (mode === undefined || uid === undefined || gid === undefined || modified === undefined)
    return undefined;
  if (size === undefined || size < 0 || uid < 0 || gid < 0 || mode < 0) return undefined;
  const isUstar = hasUstarMagic(bytes, at);
  const type = bytes[at + TYPE_AT] === 0 ? '0' : String.fromCharCode(bytes[at + TYPE_AT] ?? 0);
  const name = nameOf(bytes, at, isUstar);
  const target = textField(bytes, at + LINK_AT, NAME_SIZE);
  return { name, mode: mode & PERMISSIONS, uid, gid, size, modified, type, target, isUstar };
}

/** Sum of all bytes of a header, those of the checksum itself counted as blanks. */
export function checksum(header: Uint8Array): number {
  return checksumOf(header, 0, wordsOf(header));
}

function checksumOf(bytes: Uint8Array, from: number, words: DataView): number {
  let sum = CHECKSUM_SIZE * BLANK + sumOfBlock(words, from);
  for (let at = from + CHECKSUM_AT; at < from + CHECKSUM_AT + CHECKSUM_SIZE; at++) sum -= bytes[at] ?? 0;
  return sum;
}

/**
 * Adds up four bytes at a time, which takes a quarter of the time. Each half of the sum holds that of 256 bytes, which is
 * below 2^16.
 */
function sumOfBlock(words: DataView, from: number): number {
  let sums = 0;
  for (let at = from; at < from + BLOCK; at += 8) {
    const one = words.getInt32(at, true);
    const other = words.getInt32(at + 4, true);
    const odd = (one & EVERY_OTHER) + (other & EVERY_OTHER);
    sums = (sums + odd + ((one >>> 8) & EVERY_OTHER) + ((other >>> 8) & EVERY_OTHER)) | 0;
  }
  return (sums & 0xffff) + (sums >>> 16);
}

export function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function isZero(block: Uint8Array): boolean {
  for (const byte of block) if (byte !== 0) return false;
  return true;
}

function hasUstarMagic(bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < USTAR_MAGIC.length; at++) {
    if (bytes[from + MAGIC_AT + at] !== USTAR_MAGIC.charCodeAt(at)) return false;
  }
  return true;
}

/** GNU tar's own magic goes on with a blank, and has other things where ustar has the prefix. */
function nameOf(bytes: Uint8Array, from: number, isUstar: boolean): string {
  const name = textField(bytes, from, NAME_SIZE);
  const isGnu = bytes[from + MAGIC_AT + USTAR_MAGIC.length] === BLANK;
  if (!isUstar || isGnu || bytes[from + PREFIX_AT] === 0) return name;
  const prefix = textField(bytes, from + PREFIX_AT, PREFIX_SIZE);
  // Venus stores the slash as well (spec/cml.md, 8.3).
  return prefix.endsWith('/') ? prefix + name : `${prefix}/${name}`;
}

function textField(bytes: Uint8Array, at: number, size: number): string {
  if (bytes[at] === 0) return '';
  let end = at;
  while (end < at + size && bytes[end] !== 0) end += 1;
  return decodePart(bytes, at, end);
}
