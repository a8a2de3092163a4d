/** Where the bytes of an archive come from. */
import type { FileHandle } from 'node:fs/promises';

export interface ArchiveInput {
  /** Total bytes, where it is known; bytes can then be read from any place, and passed over without reading them. */
  readonly size: number | undefined;
  /** Reads some bytes from a place on; 0 at the end. Without a size the places come one after the other. */
  read(into: Uint8Array, position: number): Promise<number>;
}

/** Reads of at least so many bytes are those of somebody who wants all; the next is begun while this one is looked at. */
const READ_AHEAD = 512 * 1024;

/** Bytes that are being read before they are asked for. */
interface Ahead {
  readonly position: number;
  readonly buffer: Uint8Array;
  readonly count: Promise<number>;
}

/** An open regular file. It stays open. */
export async function fileInput(handle: FileHandle): Promise<ArchiveInput> {
  const { size } = await handle.stat();
  const readAt = async (into: Uint8Array, position: number) =>
    (await handle.read(into, 0, into.length, position)).bytesRead;
  let ahead: Ahead | undefined;
  let spare: Uint8Array | undefined;

  const begin = (length: number, position: number) => {
    if (length < READ_AHEAD || position >= size) return;
    spare ??= new Uint8Array(2 * READ_AHEAD);
    const buffer = spare.subarray(0, length);
    ahead = { position, buffer, count: readAt(buffer, position) };
    // Whoever asks for these bytes meets the error.
    ahead.count.catch(() => 0);
  };

  return {
    size,
    read: async (into, position) => {
      const begun = ahead;
      ahead = undefined;
      const held = begun === undefined ? 0 : (await begun.count) - (position - begun.position);
      let count = 0;
      if (begun !== undefined && held > 0 && position >= begun.position) {
        const from = position - begun.position;
        count = Math.min(held, into.length);
        into.set(begun.buffer.subarray(from, from + count));
      } else {
        count = await readAt(into, position);
      }
      begin(into.length, position + count);
      return count;
    },
  };
}

/** Bytes that come one after the other, in chunks of any size. */
export function streamInput(chunks: AsyncIterable<Uint8Array>): ArchiveInput {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest = new Uint8Array();
  return {
    size: undefined,
    read: async (into) => {
      while (rest.length === 0) {
        const next = await iterator.next();
        if (next.done) return 0;
        rest = new Uint8Array(next.value);
      }
      const count = Math.min(rest.length, into.length);
      into.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      return count;
    },
  };
}
