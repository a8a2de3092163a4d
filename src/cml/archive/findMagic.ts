import type { ByteWindow } from './byteWindow.ts';

/** Bytes looked through at once. */
const STRIDE = 128 * 1024;

/** What is looked for. */
export interface HeaderPattern {
  readonly magics: readonly string[];
  /** Where the magic stands in a header. */
  readonly magicAt: number;
  readonly headerSize: number;
  /** The place of a header that is known to be bad. */
  readonly except: number;
  isHeader(bytes: Uint8Array): boolean;
}

/** Moves the window to the next place that holds a header; false if there is none. */
export async function findMagic(window: ByteWindow, pattern: HeaderPattern): Promise<boolean> {
  const { headerSize, except } = pattern;
  for (;;) {
    await window.fill(STRIDE);
    if (window.held < headerSize) return false;
    const bytes = window.view(window.held);
    for (let at = firstMagic(bytes, pattern, 0); at >= 0; at = firstMagic(bytes, pattern, at + 1)) {
      const header = bytes.subarray(at, at + headerSize);
      if (header.length < headerSize) break;
      if (window.position + at !== except && pattern.isHeader(header)) {
        window.advance(at);
        return true;
      }
    }
    // The last bytes may be the beginning of a header.
    window.advance(bytes.length - headerSize + 1);
  }
}

/** Where the first header may begin, from some byte on; -1 if nowhere. */
function firstMagic(bytes: Uint8Array, { magics, magicAt }: HeaderPattern, from: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let first = -1;
  for (const magic of magics) {
    const at = buffer.indexOf(magic, from + magicAt, 'latin1') - magicAt;
    if (at >= from && (first < 0 || at < first)) first = at;
  }
  return first;
}
