/** Numbers as headers hold them. All of these answer undefined for what is no number, or none below 2^53. */

const [BLANK, ZERO, SEVEN, NUL, BASE_256, NEGATIVE] = [0x20, 0x30, 0x37, 0, 0x80, 0xff];

const NO_DIGIT = 0x80;
/** The value of each byte as a hexadecimal digit: newc has a hundred of them in each header. */
const hexDigits = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/** Eight hexadecimal digits of either case. */
export function readHex(bytes: Uint8Array, at: number): number | undefined {
  let value = 0;
  let seen = 0;
  for (let index = at; index < at + 8; index++) {
    const digit = hexDigits[bytes[index] ?? 0] ?? NO_DIGIT;
    seen |= digit;
    value = (value << 4) | digit;
  }
  return seen < NO_DIGIT ? value >>> 0 : undefined;
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
