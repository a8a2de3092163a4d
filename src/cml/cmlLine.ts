/** One entry of a modify log as the .cml text tells it (spec/cml.md, 5.5). */

/**
 * Paths are full, as they were at that point of the log, and start with `???/` where they cannot be rebuilt. Times,
 * fids and the uid are not in the text.
 */
export type CmlLine =
  /** Contents were written. `length` is in bytes. */
  | { readonly op: 'store'; readonly path: string; readonly length: number }
  | { readonly op: 'chown'; readonly path: string; readonly owner: number }
  | { readonly op: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly op: PlainOp; readonly path: string }
  /** A further name, in the directory of the file. */
  | { readonly op: 'link'; readonly path: string; readonly name: string }
  | { readonly op: 'rename'; readonly from: string; readonly to: string }
  | { readonly op: 'symlink'; readonly path: string; readonly target: string }
  | { readonly op: 'repair'; readonly fid: string };

/** Those of which the text tells nothing but the path. */
export type PlainOp = 'utimes' | 'create' | 'remove' | 'mkdir' | 'rmdir';

/** What the path of a line starts with when venus could not rebuild it. */
export const UNKNOWN_PARENT = '???/';
