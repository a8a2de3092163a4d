/** Records of pax: `LENGTH KEY=VALUE` and a newline, where the length counts all of the record. */
import { concatBytes, decodeText, encodeText } from '../../ipc/text.ts';
import { readDecimal } from './numbers.ts';

/** Bytes of headers and records before an entry's own header: several names of the longest kind. */
export const MAX_EXTENSIONS = 512 * 1024;
const [BLANK, EQUALS, NEWLINE] = [0x20, 0x3d, 0x0a];
/** Decimal digits of a length. */
const MAX_DIGITS = 7;

export type PaxRecords = ReadonlyMap<string, string>;

/** @returns undefined for bytes that are no records */
export function parsePaxRecords(bytes: Uint8Array): PaxRecords | undefined {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(BLANK, at);
    if (blank < 0 || blank - at > MAX_DIGITS) return undefined;
    const length = readDecimal(decodeText(bytes.subarray(at, blank)));
    if (length === undefined || length <= blank - at + 1 || at + length > bytes.length) return undefined;
    const end = at + length - 1;
    const equals = bytes.indexOf(EQUALS, blank + 1);
    if (bytes[end] !== NEWLINE || equals < 0 || equals >= end) return undefined;
    records.set(decodeText(bytes.subarray(blank + 1, equals)), decodeText(bytes.subarray(equals + 1, end)));
    at = end + 1;
  }
  return records;
}

export function formatPaxRecords(records: PaxRecords): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [key, value] of records) {
    const body = encodeText(` ${key}=${value}\n`);
    // The length's own digits count, and may be what makes it longer.
    let length = body.length + 1;
    while (String(length).length + body.length !== length) length = String(length).length + body.length;
    parts.push(encodeText(String(length)), body);
  }
  return concatBytes(parts);
}

/** Milliseconds since 1970 from seconds with a fraction; undefined for what is no time. */
export function parsePaxTime(text: string): number | undefined {
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,13})(?:\.(\d{1,30}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const milliseconds = Number(whole) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
  if (!Number.isSafeInteger(milliseconds)) return undefined;
  return sign === '-' && milliseconds > 0 ? -milliseconds : milliseconds;
}

/** Seconds since 1970, with as much of a fraction as there is. @param milliseconds an integer */
export function formatPaxTime(milliseconds: number): string {
  const whole = Math.trunc(milliseconds / 1000);
  const fraction = Math.abs(milliseconds % 1000);
  if (fraction === 0) return String(whole);
  return `${milliseconds < 0 ? '-' : ''}${Math.abs(whole)}.${String(fraction).padStart(3, '0')}`;
}
