import type { ArchiveEntry } from './entry.ts';

/** Makes the bytes of one format around the contents of files. One encoder makes one archive. */
export interface Encoder {
  /** What comes before the first entry. */
  start(): Uint8Array;
  /**
   * All of an entry but a file's contents.
   * @param links how many names a file has in the archive
   * @throws ArchiveLimitError for what the format cannot hold
   */
  header(entry: ArchiveEntry, links: number): Uint8Array;
  /** Bytes of zeros behind contents of a size. */
  padding(size: number): number;
  /** What comes behind the last entry. @param length bytes of the archive so far */
  end(length: number): Uint8Array;
}
