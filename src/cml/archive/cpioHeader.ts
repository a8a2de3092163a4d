/** The fixed parts of cpio records (spec/cml.md, 5.4). */
import { MAX_NAME } from './entry.ts';
import { readHex, readOctal } from './numbers.ts';

export interface CpioHeader {
  readonly inode: number;
  /** Two numbers that identify the device; the first is 0 where the format has one. */
  readonly major: number;
  readonly minor: number;
  /** With the bits of the type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** Seconds since 1970. */
  readonly modified: number;
  readonly size: number;
  /** Bytes of the name with its NUL. */
  readonly nameSize: number;
}

/** How the two formats differ. */
export interface CpioLayout {
  readonly format: 'newc' | 'odc';
  readonly headerSize: number;
  /** Names and data are padded to a multiple of this. */
  readonly alignment: number;
  readonly magics: readonly string[];
  /** The device that venus puts into every record. */
  readonly venusMajor: number;
  readonly venusMinor: number;
  /** @returns undefined for what is no header */
  readonly parse: (bytes: Uint8Array, at: number) => CpioHeader | undefined;
}

export const TRAILER = 'TRAILER!!!';
export const TYPE_MASK = 0o170000;
export const [FILE_TYPE, DIRECTORY_TYPE, LINK_TYPE] = [0o100000, 0o040000, 0o120000];

export const newc: CpioLayout = {
  format: 'newc',
  headerSize: 110,
  alignment: 4,
  // The second has checksums, which venus never writes.
  magics: ['070701', '070702'],
  venusMajor: 0xc0dac0da,
  venusMinor: 0xc0dac0da,
  parse: parseNewc,
};

export const odc: CpioLayout = {
  format: 'odc',
  headerSize: 76,
  alignment: 1,
  magics: ['070707'],
  venusMajor: 0,
  venusMinor: 0o140332,
  parse: parseOdc,
};

function parseNewc(bytes: Uint8Array, at: number): CpioHeader | undefined {
  if (!startsWithMagic(bytes, newc, at)) return undefined;
  const field = (index: number) => readHex(bytes, at + 6 + 8 * index);
  if (field(12) === undefined) return undefined;
  return checked({
    inode: field(0),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    modified: field(5),
    size: field(6),
    major: field(7),
    minor: field(8),
    nameSize: field(11),
  });
}

function parseOdc(bytes: Uint8Array, at: number): CpioHeader | undefined {
  if (!startsWithMagic(bytes, odc, at)) return undefined;
  const field = (from: number) => readOctal(bytes, at + from, 6);
  return checked({
    major: 0,
    minor: field(6),
    inode: field(12),
    mode: field(18),
    uid: field(24),
    gid: field(30),
    links: field(36),
    modified: readOctal(bytes, at + 48, 11),
    nameSize: field(59),
    size: readOctal(bytes, at + 65, 11),
  });
}

type Unchecked = { readonly [Field in keyof CpioHeader]: CpioHeader[Field] | undefined };

function checked(header: Unchecked): CpioHeader | undefined {
  return isWhole(header) && header.nameSize >= 2 && header.nameSize <= MAX_NAME + 1 ? header : undefined;
}

function isWhole(header: Unchecked): header is CpioHeader {
  const { inode, major, minor, mode, uid, gid, links, modified, size, nameSize } = header;
  if (inode === undefined || major === undefined || minor === undefined || mode === undefined) return false;
  if (uid === undefined || gid === undefined || links === undefined) return false;
  return modified !== undefined && size !== undefined && nameSize !== undefined;
}

/** Whether bytes begin with the magic of a cpio format, from some place on. */
export function startsWithMagic(bytes: Uint8Array, { magics }: CpioLayout, from = 0): boolean {
  for (const magic of magics) if (matches(bytes, magic, from)) return true;
  return false;
}

function matches(bytes: Uint8Array, magic: string, from: number): boolean {
  for (let at = 0; at < magic.length; at++) if (bytes[from + at] !== magic.charCodeAt(at)) return false;
  return true;
}

/** Bytes of padding behind something of a size. */
export function paddingOf(size: number, alignment: number): number {
  return (alignment - (size % alignment)) % alignment;
}
