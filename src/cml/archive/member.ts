import type { ArchiveEntry, ArchiveFormat } from './entry.ts';

/** An entry at its place in an archive. */
export interface Member {
  readonly entry: ArchiveEntry;
  /** Where its headers begin. */
  readonly offset: number;
  /** Where its data begins. */
  readonly dataStart: number;
  /** Bytes of padding that follow its data. */
  readonly padding: number;
}

/** `end`: the archive is over. A number: so many bytes must be in the window. */
export type HeaderResult = Member | 'end' | number;

/** Reads the headers of one format. */
export interface HeaderReader {
  readonly format: ArchiveFormat;
  /**
   * Reads the headers at the window's position and moves to the data behind them; stays where it is if there is not
   * enough in the window. It never waits, which is what makes many small entries cheap.
   * @throws ArchiveError
   */
  read(): HeaderResult;
  /**
   * Looks for something that may be a header, from the window's position on, and moves there; false if there is none.
   * @param except the place of a header that is known to be bad
   */
  findNext(except: number): Promise<boolean>;
}
