/** The bodies of answers to the kernel (linux/fuse.h, protocol 7). */
import { encodeText } from '../../ipc/text.ts';

/** What stat shows. Times are milliseconds since 1970. */
export interface Attributes {
  readonly inode: number;
  readonly size: number;
  readonly modified: number;
  /** With the type of the object. */
  readonly mode: number;
  readonly linkCount: number;
  readonly uid: number;
  readonly gid: number;
}

export const TypeBits = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;

/** An object that a name was found to stand for. */
export interface Entry {
  readonly node: number;
  readonly attributes: Attributes;
  /** Milliseconds that the kernel may go on without asking again. */
  readonly validFor: number;
}

/** One name in a listing. */
export interface ListedName {
  readonly inode: number;
  readonly name: string;
  readonly type: keyof typeof TypeBits;
}

export interface Space {
  /** Bytes of a block. */
  readonly blockSize: number;
  readonly blocks: number;
  readonly free: number;
}

const [ENTRY, ATTRIBUTES, OPENED, DIRENT, STATFS, INIT] = [128, 88, 16, 24, 80, 64];
const [SECTOR, BLOCK, LONGEST_NAME, HIGH] = [512, 4096, 255, 2 ** 32];
const TYPE_SHIFT = 12;

export function entryAnswer(entry: Entry): Buffer {
  const bytes = Buffer.alloc(ENTRY);
  writeEntry(bytes, entry);
  return bytes;
}

export function attributesAnswer(attributes: Attributes, validFor: number): Buffer {
  const bytes = Buffer.alloc(16 + ATTRIBUTES);
  writeValidity(bytes, validFor, 0, 8);
  writeAttributes(bytes, 16, attributes);
  return bytes;
}

export function openedAnswer(handle: number, flags: number): Buffer {
  const bytes = Buffer.alloc(OPENED);
  writeOpened(bytes, 0, handle, flags);
  return bytes;
}

export function createdAnswer(entry: Entry, handle: number, flags: number): Buffer {
  const bytes = Buffer.alloc(ENTRY + OPENED);
  writeEntry(bytes, entry);
  writeOpened(bytes, ENTRY, handle, flags);
  return bytes;
}

export function writtenAnswer(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(length, 0);
  return bytes;
}

/** As many names from an index on as there is room for; the offset of a name is the index of the next one. */
export function listingAnswer(names: readonly ListedName[], from: number, room: number): Buffer {
  const bytes = Buffer.alloc(room);
  let length = 0;
  for (let index = from; index < names.length; index++) {
    const entry = names[index];
    if (!entry) break;
    const name = encodeText(entry.name);
    const padded = (DIRENT + name.length + 7) & ~7;
    if (length + padded > room) break;
    writeU64(bytes, entry.inode, length);
    writeU64(bytes, index + 1, length + 8);
    bytes.writeUInt32LE(name.length, length + 16);
    bytes.writeUInt32LE(TypeBits[entry.type] >> TYPE_SHIFT, length + 20);
    bytes.set(name, length + DIRENT);
    length += padded;
  }
  return bytes.subarray(0, length);
}

export function spaceAnswer({ blockSize, blocks, free }: Space): Buffer {
  const bytes = Buffer.alloc(STATFS);
  for (const [at, value] of [blocks, free, free].entries()) writeU64(bytes, value, at * 8);
  bytes.writeUInt32LE(blockSize, 40);
  bytes.writeUInt32LE(LONGEST_NAME, 44);
  bytes.writeUInt32LE(blockSize, 48);
  return bytes;
}

export interface Agreement {
  readonly minor: number;
  readonly readAhead: number;
  readonly flags: number;
  readonly maxWrite: number;
  readonly maxPages: number;
}

export function agreementAnswer(agreement: Agreement): Buffer {
  const bytes = Buffer.alloc(INIT);
  bytes.writeUInt32LE(7, 0);
  bytes.writeUInt32LE(agreement.minor, 4);
  bytes.writeUInt32LE(agreement.readAhead, 8);
  bytes.writeUInt32LE(agreement.flags, 12);
  bytes.writeUInt16LE(64, 16);
  bytes.writeUInt16LE(48, 18);
  bytes.writeUInt32LE(agreement.maxWrite, 20);
  // Times are kept to the millisecond.
  bytes.writeUInt32LE(1_000_000, 24);
  bytes.writeUInt16LE(agreement.maxPages, 28);
  return bytes;
}

function writeEntry(bytes: Buffer, { node, attributes, validFor }: Entry): void {
  writeU64(bytes, node, 0);
  writeValidity(bytes, validFor, 16, 32);
  writeValidity(bytes, validFor, 24, 36);
  writeAttributes(bytes, 40, attributes);
}

function writeOpened(bytes: Buffer, at: number, handle: number, flags: number): void {
  writeU64(bytes, handle, at);
  bytes.writeUInt32LE(flags, at + 8);
}

function writeValidity(bytes: Buffer, milliseconds: number, secondsAt: number, nanosecondsAt: number): void {
  writeU64(bytes, Math.floor(milliseconds / 1000), secondsAt);
  bytes.writeUInt32LE((milliseconds % 1000) * 1_000_000, nanosecondsAt);
}

function writeAttributes(bytes: Buffer, at: number, attributes: Attributes): void {
  const { inode, size, modified, mode, linkCount, uid, gid } = attributes;
  writeU64(bytes, inode, at);
  writeU64(bytes, size, at + 8);
  writeU64(bytes, Math.ceil(size / SECTOR), at + 16);
  const seconds = Math.floor(modified / 1000);
  const nanoseconds = Math.floor(modified - seconds * 1000) * 1_000_000;
  for (const time of [0, 1, 2]) {
    bytes.writeBigInt64LE(BigInt(seconds), at + 24 + time * 8);
    bytes.writeUInt32LE(nanoseconds, at + 48 + time * 4);
  }
  for (const [index, value] of [mode, linkCount, uid, gid, 0, BLOCK].entries())
    bytes.writeUInt32LE(value >>> 0, at + 60 + index * 4);
}

function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % HIGH, at);
  bytes.writeUInt32LE(Math.floor(value / HIGH), at + 4);
}
