import type { CmlLine } from '../../src/cml/cmlLine.ts';

/** Where the volume is, from the Coda root. */
export const VOLUME = '/coda.test/u';

/** A change at the client, as its log has it. */
export interface LogRecord {
  readonly line: CmlLine;
  readonly id: number;
  readonly version: number;
  readonly contents: string;
  isMarked: boolean;
}

/** A change to be logged; paths begin at the volume. */
export type Change =
  | { readonly op: 'create' | 'mkdir' | 'remove' | 'rmdir'; readonly path: string }
  | { readonly op: 'store'; readonly path: string; readonly contents: string }
  | { readonly op: 'symlink'; readonly path: string; readonly target: string }
  | { readonly op: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly op: 'rename'; readonly from: string; readonly to: string };

export function belowVolume(path: string): string {
  return path.slice(`/coda${VOLUME}/`.length);
}

export function lineOf(change: Change): CmlLine {
  const full = (path: string) => `/coda${VOLUME}/${path}`;
  if (change.op === 'rename') return { op: 'rename', from: full(change.from), to: full(change.to) };
  const path = full(change.path);
  switch (change.op) {
    case 'store':
      return { op: 'store', path, length: change.contents.length };
    case 'symlink':
      return { op: 'symlink', path, target: change.target };
    case 'chmod':
      return { op: 'chmod', path, mode: change.mode };
    case 'create':
    case 'mkdir':
    case 'remove':
    case 'rmdir':
      return { op: change.op, path };
  }
}

export function changeOf({ line, contents }: LogRecord): Change {
  if (line.op === 'rename') return { op: 'rename', from: belowVolume(line.from), to: belowVolume(line.to) };
  if (line.op === 'repair' || line.op === 'link' || line.op === 'chown' || line.op === 'utimes')
    throw new Error(`${line.op}: not made here`);
  const path = belowVolume(line.path);
  switch (line.op) {
    case 'store':
      return { op: 'store', path, contents };
    case 'symlink':
      return { op: 'symlink', path, target: line.target };
    case 'chmod':
      return { op: 'chmod', path, mode: line.mode };
    case 'create':
    case 'mkdir':
    case 'remove':
    case 'rmdir':
      return { op: line.op, path };
  }
}
