import { CodaError } from '../../ipc/errors.ts';

/** What is wrong with an archive. */
export type ArchiveFault = 'empty' | 'unknown-format' | 'truncated' | 'corrupt' | 'unsupported';

/** An archive cannot be read from some byte on. What stands before that byte was read and is right. */
export class ArchiveError extends CodaError {
  readonly code = 'archive';
  readonly fault: ArchiveFault;
  /** The byte where reading fails, counted from the start of the archive. */
  readonly offset: number;

  constructor(fault: ArchiveFault, offset: number, what: string) {
    super(`${what} (at byte ${offset})`);
    this.fault = fault;
    this.offset = offset;
  }
}

/** An archive format has no room for a name, a size or a number (spec/cml.md, 8.2 and 8.4). */
export class ArchiveLimitError extends CodaError {
  readonly code = 'archive-limit';
  /** The entry that does not fit. */
  readonly entryName: string;

  constructor(format: string, entryName: string, what: string) {
    super(`${entryName}: ${what}`, {
      why: `Archives in the format ${format} cannot hold it.`,
      next: 'Choose the format pax, which has no such limits.',
    });
    this.entryName = entryName;
  }
}

/** The contents handed over for an entry are longer or shorter than its size says. */
export class ArchiveContentsError extends CodaError {
  readonly code = 'archive-contents';
  readonly entryName: string;

  constructor(entryName: string, expected: number, got: number) {
    const relation = got > expected ? 'more' : `${got}`;
    super(`${entryName}: its size is ${expected} bytes, but ${relation} came`, {
      why: 'The file was changed while it was archived.',
    });
    this.entryName = entryName;
  }
}
