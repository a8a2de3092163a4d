import type { ByteReader, ByteWriter } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { textLength } from './text.ts';

/** What an entry of the hoard database is known by: there is at most one for each (spec/hoard.md, 1). */
export interface HoardName {
  readonly volume: number;
  readonly realm: string;
  /** Inside the volume: `.` for its root, else `./a/b`. */
  readonly name: string;
}

/** Which members of a directory venus hoards with it, those that come later included: `c+` and `d+` in the language. */
export const hoardExpansions = ['none', 'children', 'descendants'] as const;
export type HoardExpansion = (typeof hoardExpansions)[number];

/** Everybody's entries, where a request takes the uid of an owner. */
export const ALL_USERS = 0xffffffff;
/** Bytes of a name or of the name of an output file at most, without its NUL. */
export const MAX_HOARD_NAME = 1023;

const REALM_FIELD = 65;
const NAME_FIELD = 1024;
const PADDING = 3;

/** 1096 bytes: volume, realm, name. What follows a NUL is stale memory. */
export function writeHoardName(writer: ByteWriter, { volume, realm, name }: HoardName): ByteWriter {
  return writer
    .u32(volume)
    .paddedString(realm, REALM_FIELD)
    .paddedString(name, NAME_FIELD)
    .bytes(new Uint8Array(PADDING));
}

/** @throws ProtocolError where a text has no end or the name has another form */
export function readHoardName(reader: ByteReader): HoardName {
  const volume = reader.u32();
  const realm = reader.paddedString(REALM_FIELD);
  const name = reader.paddedString(NAME_FIELD);
  reader.skip(PADDING);
  return { volume, realm, name: checkHoardName(name) };
}

export function writeOutFile(writer: ByteWriter, file: string): ByteWriter {
  return writer.paddedString(file, NAME_FIELD);
}

export function readOutFile(reader: ByteReader): string {
  return reader.paddedString(NAME_FIELD);
}

/** Whether a text is `.` or `./a/b`, without empty components, `.` and `..`. */
export function isHoardName(name: string): boolean {
  const [first, ...parts] = name.split('/');
  if (first !== '.' || textLength(name) > MAX_HOARD_NAME || name.includes('\0')) return false;
  return parts.every((part) => part !== '' && part !== '.' && part !== '..');
}

function checkHoardName(name: string): string {
  if (isHoardName(name)) return name;
  throw new ProtocolError(`hoard request: ${name} is no name inside a volume, as . or ./a/b`);
}
