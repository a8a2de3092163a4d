import type { ByteReader, ByteWriter } from './bytes.ts';

/** Names an object of a realm: volume, vnode in it (odd = directory), and a number that tells reuses apart. */
export interface Fid {
  readonly volume: number;
  readonly vnode: number;
  readonly unique: number;
}

/** A fid and the realm it belongs to: what getfid prints and getpath takes. */
export interface RealmFid extends Fid {
  readonly realm: string;
}

/** ViceFid, 12 bytes (spec/cfs.md, 4.1). */
export function writeFid(writer: ByteWriter, fid: Fid): ByteWriter {
  return writer.u32(fid.volume).u32(fid.vnode).u32(fid.unique);
}

export function readFid(reader: ByteReader): Fid {
  return { volume: reader.u32(), vnode: reader.u32(), unique: reader.u32() };
}

export function formatFid(fid: Fid): string {
  return [fid.volume, fid.vnode, fid.unique].map((part) => part.toString(16)).join('.');
}

export function formatRealmFid(fid: RealmFid): string {
  return `${formatFid(fid)}@${fid.realm}`;
}

/**
 * Reads `VOLUME.VNODE.UNIQUE@REALM`, hexadecimal, each number with or without `0x` (spec/cfs.md, 4.7).
 * @returns undefined for anything else
 */
export function parseRealmFid(text: string): RealmFid | undefined {
  const match = /^([^.]+)\.([^.]+)\.([^.@]+)@(?:.*@)?([^@]+)$/s.exec(text);
  if (!match) return undefined;
  const [volume, vnode, unique] = [match[1], match[2], match[3]].map((part) => parseHex(part ?? ''));
  const realm = match[4];
  if (volume === undefined || vnode === undefined || unique === undefined || realm === undefined)
    return undefined;
  return { volume, vnode, unique, realm };
}

/** A hexadecimal u32, with or without `0x`; undefined for anything else. */
export function parseHex(text: string): number | undefined {
  return /^\s*(0[xX])?[0-9a-fA-F]{1,8}$/.test(text) ? Number.parseInt(text, 16) : undefined;
}
