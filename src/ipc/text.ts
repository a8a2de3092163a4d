/**
 * Names are bytes; inside the program they are strings that keep every byte.
 *
 * Coda's file, volume and user names may hold any bytes. Valid UTF-8 becomes the string one expects; each
 * byte that is not part of valid UTF-8 becomes one lone surrogate U+DC80 to U+DCFF, which no valid text
 * contains, so that `encodeText(decodeText(bytes))` gives the same bytes. `/` and NUL never change.
 */
import { isAscii } from 'node:buffer';

let strictDecoder: InstanceType<typeof TextDecoder> | undefined;

const [ESCAPE_BASE, FIRST_NOT_ASCII] = [0xdc00, 0x80];
const escaped = /[\udc80-\udcff]/;
/** A lone escape: one that is not the low half of a surrogate pair. */
const loneEscape = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

/** Bytes to text that keeps every byte. */
export function decodeText(bytes: Uint8Array): string {
  if (isAscii(bytes)) return asBuffer(bytes).toString('latin1');
  try {
    return decodeStrictly(bytes);
  } catch {
    return decodeWithEscapes(bytes);
  }
}

/** The bytes themselves; most of them are a Buffer already. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** As {@link decodeText}, for a short part of many bytes, without the cost of a view of it. */
export function decodePart(bytes: Uint8Array, from: number, end: number): string {
  for (let at = from; at < end; at++) {
    if ((bytes[at] ?? 0) >= FIRST_NOT_ASCII) return decodeText(bytes.subarray(from, end));
  }
  if (Buffer.isBuffer(bytes)) return bytes.toString('latin1', from, end);
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('latin1');
}

/** @throws TypeError for what is no UTF-8 */
function decodeStrictly(bytes: Uint8Array): string {
  strictDecoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return strictDecoder.decode(bytes);
}

/** Text made by {@link decodeText} (or any ordinary string) back to bytes. */
export function encodeText(text: string): Uint8Array {
  return escaped.test(text) ? encodeWithEscapes(text) : utf8Bytes(text);
}

function utf8Bytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** Whether the text stands for bytes that are not UTF-8. */
export function hasEscapedBytes(text: string): boolean {
  return loneEscape.test(text);
}

/** Number of bytes that {@link encodeText} gives. */
export function textLength(text: string): number {
  return encodeText(text).length;
}

function decodeWithEscapes(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const size = sequenceLength(bytes, at);
    if (size === 0) {
      text += String.fromCharCode(ESCAPE_BASE + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += decodeStrictly(bytes.subarray(at, at + size));
      at += size;
    }
  }
  return text;
}

/** Length of the valid UTF-8 sequence at an offset, 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const size =
    first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (size === 0 || at + size > bytes.length) return 0;
  try {
    decodeStrictly(bytes.subarray(at, at + size));
    return size;
  } catch {
    return 0;
  }
}

function encodeWithEscapes(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    const isEscape = character.length === 1 && code >= ESCAPE_BASE + 0x80 && code <= ESCAPE_BASE + 0xff;
    parts.push(isEscape ? Uint8Array.of(code - ESCAPE_BASE) : utf8Bytes(character));
  }
  return concatBytes(parts);
}

/** Joins byte arrays. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
