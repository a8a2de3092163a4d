import fc from 'fast-check';

/** Bytes that are likely to lead a UTF-8 decoder astray, among others. */
const awkwardBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 6 }).map((text) => new Uint8Array(Buffer.from(text, 'utf8'))),
  fc
    .constantFrom(
      [0xed, 0xa0, 0x80], // a surrogate, encoded
      [0xed, 0xb2, 0x80], // the code point of an escape, encoded
      [0xed, 0xbf, 0xbf],
      [0xc0, 0x80], // overlong
      [0xc1, 0xbf],
      [0xe0, 0x9f, 0xbf],
      [0xf0, 0x8f, 0xbf, 0xbf],
      [0xf4, 0x90, 0x80, 0x80], // beyond U+10FFFF
      [0xf8, 0x88, 0x80, 0x80, 0x80],
      [0xc3], // cut short
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x98],
      [0xef, 0xbb, 0xbf], // byte order mark
      [0x80],
      [0xff],
      [0x00],
      [0x2f],
    )
    .map((bytes) => Uint8Array.from(bytes)),
);

/** Byte strings as a hostile or careless file system holds them. */
export const anyBytes: fc.Arbitrary<Uint8Array> = fc
  .array(awkwardBytes, { maxLength: 12 })
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

export const u32 = fc.nat({ max: 0xffffffff });
export const i32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
export const u8 = fc.nat({ max: 255 });

/** Names as bytes of UTF-8 without NUL: what a text field of a payload can hold. */
export function name(maxBytes: number): fc.Arbitrary<string> {
  return fc
    .string({ unit: 'binary', maxLength: maxBytes })
    .filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= maxBytes);
}

export const dottedQuad = fc.tuple(u8, u8, u8, u8).map((parts) => parts.join('.'));
