/** Writes checkpoint archives of any format (spec/cml.md, 5.4). */
import { CpioEncoder } from './cpioEncoder.ts';
import { newc, odc } from './cpioHeader.ts';
import type { Encoder } from './encoder.ts';
import { TarEncoder } from './tarEncoder.ts';
import type { ArchiveFormat, ArchiveItem, FileEntry } from './entry.ts';
import { ArchiveContentsError } from './errors.ts';

/** Bytes that small pieces are gathered to. */
const CHUNK = 256 * 1024;

/** What an archive came to hold. */
export interface ArchiveTotals {
  /** Entries of all kinds. */
  members: number;
  /** Regular files; further names of one are not counted. */
  files: number;
  /** Bytes in those files. */
  bytes: number;
}

/**
 * The bytes of an archive, in pieces that stay right until the next one is asked for. Memory does not grow with the
 * size of files; the cpio formats remember the names of files, for hard links.
 * @param totals counted up as entries are written
 * @throws ArchiveLimitError for what the format cannot hold; ArchiveContentsError for contents of another size
 */
export async function* encodeArchive(
  format: ArchiveFormat,
  items: AsyncIterable<ArchiveItem> | Iterable<ArchiveItem>,
  totals: ArchiveTotals = { members: 0, files: 0, bytes: 0 },
): AsyncGenerator<Uint8Array> {
  const encoder = encoderOf(format);
  const gathered = new Gathered();
  yield* gathered.add(encoder.start());
  for await (const item of items) {
    yield* gathered.add(encoder.header(item.entry, 'contents' in item ? (item.links ?? 1) : 1));
    totals.members += 1;
    if (!('contents' in item)) continue;
    yield* contentsOf(item.entry, item.contents, gathered);
    yield* gathered.add(new Uint8Array(encoder.padding(item.entry.size)));
    totals.files += 1;
    totals.bytes += item.entry.size;
  }
  yield* gathered.add(encoder.end(gathered.length));
  yield* gathered.flush();
}

async function* contentsOf(
  { name, size }: FileEntry,
  contents: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  gathered: Gathered,
): AsyncGenerator<Uint8Array> {
  let got = 0;
  for await (const bytes of contents) {
    got += bytes.length;
    if (got > size) throw new ArchiveContentsError(name, size, got);
    yield* gathered.add(bytes);
  }
  if (got < size) throw new ArchiveContentsError(name, size, got);
}

function encoderOf(format: ArchiveFormat): Encoder {
  switch (format) {
    case 'newc':
      return new CpioEncoder(newc);
    case 'odc':
      return new CpioEncoder(odc);
    case 'tar':
    case 'ustar':
    case 'pax':
      return new TarEncoder(format);
  }
}

/** Gathers small pieces, passes on large ones as they are, and counts. */
class Gathered {
  length = 0;
  readonly #buffer = new Uint8Array(CHUNK);
  #held = 0;

  *add(bytes: Uint8Array): Generator<Uint8Array> {
    this.length += bytes.length;
    if (this.#held + bytes.length > CHUNK) yield* this.flush();
    if (bytes.length > CHUNK) {
      yield bytes;
    } else {
      this.#buffer.set(bytes, this.#held);
      this.#held += bytes.length;
    }
  }

  *flush(): Generator<Uint8Array> {
    if (this.#held === 0) return;
    const bytes = this.#buffer.slice(0, this.#held);
    this.#held = 0;
    yield bytes;
  }
}
