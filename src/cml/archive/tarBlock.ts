/** Makes the header blocks of tar. */
import { encodeText } from '../../ipc/text.ts';
import { BLOCK, MAGIC_AT, checksum } from './tarHeader.ts';

/** The fields of a block; names as bytes that fit. */
export interface TarBlock {
  readonly name: Uint8Array;
  readonly prefix: Uint8Array;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  readonly type: string;
  readonly target: Uint8Array;
}

export const [MAX_SMALL, MAX_LARGE] = [0o7777777, 0o77777777777];
export const [NAME_SIZE, PREFIX_SIZE] = [100, 155];
const SLASH = 0x2f;
/** Device numbers that venus puts there. */
const DEVICE = 0o140332;

/** @param withMagic ustar and pax have a magic, v7 tar has none */
export function formatTarBlock(fields: TarBlock, withMagic: boolean): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (at: number, value: string) => block.set(encodeText(value), at);
  const octal = (at: number, value: number, digits: number) =>
    text(at, value.toString(8).padStart(digits, '0'));
  block.set(fields.name, 0);
  octal(100, fields.mode, 7);
  octal(108, fields.uid, 7);
  octal(116, fields.gid, 7);
  octal(124, fields.size, 11);
  octal(136, fields.modified, 11);
  text(156, fields.type);
  block.set(fields.target, 157);
  if (withMagic) {
    text(MAGIC_AT, 'ustar\0' + '00');
    octal(329, DEVICE, 7);
    octal(337, DEVICE, 7);
    block.set(fields.prefix, 345);
  }
  text(148, `${checksum(block).toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** Splits a name at a slash so that both parts fit a ustar header; undefined if there is no such slash. */
export function splitName(
  name: Uint8Array,
): { readonly name: Uint8Array; readonly prefix: Uint8Array } | undefined {
  if (name.length <= NAME_SIZE) return { name, prefix: new Uint8Array() };
  for (let at = Math.min(PREFIX_SIZE, name.length - 2); at > 0; at--) {
    if (name.length - at - 1 > NAME_SIZE) return undefined;
    if (name[at] === SLASH) return { name: name.subarray(at + 1), prefix: name.subarray(0, at) };
  }
  return undefined;
}
