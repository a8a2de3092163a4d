/** What an archive holds: the same entries whatever its format. */

/** The formats of real venus (spec/cml.md, 5.4), and pax, which has none of their limits. */
export const archiveFormats = ['pax', 'newc', 'odc', 'ustar', 'tar'] as const;
export type ArchiveFormat = (typeof archiveFormats)[number];

interface CommonFacts {
  /** Relative to the volume's root, without a slash at either end; may be anything in a hostile archive. */
  readonly name: string;
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds since 1970; formats other than pax keep whole seconds. */
  readonly modified: number;
}

export interface FileEntry extends CommonFacts {
  readonly type: 'file';
  /** Bytes. */
  readonly size: number;
}

export interface DirectoryEntry extends CommonFacts {
  readonly type: 'directory';
}

export interface SymlinkEntry extends CommonFacts {
  readonly type: 'symlink';
  readonly target: string;
}

/** A further name of a file that stands earlier in the archive. */
export interface HardlinkEntry extends CommonFacts {
  readonly type: 'hardlink';
  /** The name that the file has in the archive. */
  readonly target: string;
}

export type ArchiveEntry = FileEntry | DirectoryEntry | SymlinkEntry | HardlinkEntry;

/** An entry to be written. */
export type ArchiveItem = FileItem | { readonly entry: DirectoryEntry | SymlinkEntry | HardlinkEntry };

export interface FileItem {
  readonly entry: FileEntry;
  /** Exactly as many bytes as the entry's size says. */
  readonly contents: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /**
   * How many names it has in this archive; 1 if absent. Other programs make the hard links of a cpio archive only
   * where this was right.
   */
  readonly links?: number;
}

/** Longest name or link target in bytes. Linux takes 4096, so this refuses nothing but nonsense. */
export const MAX_NAME = 0xffff;
/** Permission bits. */
export const PERMISSIONS = 0o7777;
