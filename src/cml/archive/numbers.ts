/** Numbers as headers hold them. All of these answer undefined for what is no number, or none below 2^53. */

const [BLANK, ZERO, SEVEN, NUL, BASE_256, NEGATIVE] = [0x20, 0x30, 0x37, 0, 0x80, 0xff];

/** Stays negative however it is shifted. */
const NO_DIGIT = -1;
/** The value of each byte as a hexadecimal digit: newc has a hundred of them in each header. */
const hexDigits = Int8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/** Bits that octal digits have in common, four bytes at a time, and those that differ. */
const [OCTAL, NOT_OCTAL] = [0x30303030, ~0x07070707];

/** Four octal digits at once, which takes a third of the time; negative for anything else. */
function fourOctal(word: number): number {
  if ((word & NOT_OCTAL) !== OCTAL) return -1;
  return ((word >>> 15) & 0o7000) | ((word >>> 10) & 0o700) | ((word >>> 5) & 0o70) | (word & 7);
}

/**
 * A number of a tar header in the usual form, seven or eleven octal digits and something empty.
 * @returns -1 for any other, which {@link readTarNumber} is for
 */
export function readPlainTarNumber(words: DataView, at: number, length: 8 | 12): number {
  let value = 0;
  for (let index = at; index < at + length - 4; index += 4) {
    const four = fourOctal(words.getInt32(index));
    if (four < 0) return -1;
    value = value * 0o10000 + four;
  }
  const last = words.getInt32(at + length - 4);
  const end = last & 0xff;
  const three = fourOctal((ZERO << 24) | (last >>> 8));
  return three < 0 || (end !== NUL && end !== BLANK) ? -1 : value * 0o1000 + three;
}

/** Eight hexadecimal digits of either case. */
export function readHex(bytes: Uint8Array, at: number): number | undefined {
  const high = fourHex(bytes, at);
  const low = fourHex(bytes, at + 4);
  return (high | low) < 0 ? undefined : high * 0x10000 + low;
}

/** Negative for what is no digits. */
function fourHex(bytes: Uint8Array, at: number): number {
  const one = hexDigits[bytes[at] ?? 0] ?? NO_DIGIT;
  const two = hexDigits[bytes[at + 1] ?? 0] ?? NO_DIGIT;
  const three = hexDigits[bytes[at + 2] ?? 0] ?? NO_DIGIT;
  const four = hexDigits[bytes[at + 3] ?? 0] ?? NO_DIGIT;
  return (one << 12) | (two << 8) | (three << 4) | four;
}

/** Octal digits, exactly as many as the field has. */
export function readOctal(bytes: Uint8Array, at: number, length: number): number | undefined {
  let value = 0;
  for (let index = at; index < at + length; index++) {
    const code = bytes[index] ?? 0;
    if (code < ZERO || code > SEVEN) return undefined;
    value = value * 8 + (code - ZERO);
  }
  return value;
}

/** A number of a tar header: octal between blanks and NULs, nothing meaning 0, or base 256 as GNU tar has it. */
export function readTarNumber(bytes: Uint8Array, at: number, length: number): number | undefined {
  const first = bytes[at] ?? 0;
  if (first === BASE_256 || first === NEGATIVE) return readBase256(bytes, at, length);
  const end = at + length;
  let index = at;
  while (index < end && bytes[index] === BLANK) index += 1;
  let value = 0;
  for (; index < end; index++) {
    const code = bytes[index] ?? 0;
    if (code === BLANK || code === NUL) break;
    if (code < ZERO || code > SEVEN) return undefined;
    value = value * 8 + (code - ZERO);
  }
  return restIsEmpty(bytes, index, end) && Number.isSafeInteger(value) ? value : undefined;
}

function restIsEmpty(bytes: Uint8Array, from: number, end: number): boolean {
  for (let index = from; index < end; index++) {
    if (bytes[index] !== NUL && bytes[index] !== BLANK) return false;
  }
  return true;
}

function readBase256(bytes: Uint8Array, at: number, length: number): number | undefined {
  const negative = bytes[at] === NEGATIVE;
  let value = negative ? -1 : 0;
  for (let index = at + 1; index < at + length; index++) value = value * 256 + (bytes[index] ?? 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Decimal digits as text. */
export function readDecimal(text: string): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
