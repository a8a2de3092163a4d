/** Reads and writes single lines of the .cml text, one per log entry (spec/cml.md, 5.5). */
import { readDecimal } from './archive/numbers.ts';
import type { CmlLine, PlainOp } from './cmlLine.ts';

const [SYMLINK, REPAIR] = ['Symlink ', 'Disconnected Repair by an ASR for '];
const LENGTH = ' (length = ';

const plainWords: Readonly<Record<PlainOp, string>> = {
  utimes: 'Utime',
  create: 'Create',
  remove: 'Remove',
  mkdir: 'Mkdir',
  rmdir: 'Rmdir',
};

/**
 * One line, without its newline. Names stand as they are: what is read back from a name that contains a newline and the
 * beginning of another line, or ` to ` in a link, is not what was written.
 */
export function formatCmlLine(line: CmlLine): string {
  switch (line.op) {
    case 'store':
      return `Store \t${line.path} (length = ${line.length})`;
    case 'chown':
      return `Chown \t${line.path} (owner = ${line.owner})`;
    case 'chmod':
      return `Chmod \t${line.path} (mode = ${line.mode.toString(8)})`;
    case 'link':
      return `Link \t${line.path} to ${line.name}`;
    case 'rename':
      return `Rename \t${line.from} (to: ${line.to})`;
    case 'symlink':
      return `Symlink ${line.path} (--> ${line.target})`;
    case 'repair':
      return `Disconnected Repair by an ASR for ${line.fid}`;
    case 'utimes':
    case 'create':
    case 'remove':
    case 'mkdir':
    case 'rmdir':
      return `${plainWords[line.op]} \t${line.path}`;
  }
}

/** What a line begins with, and how the rest of it is read. */
export interface Form {
  readonly op: CmlLine['op'];
  readonly beginning: string;
  readonly read: (rest: string) => CmlLine | undefined;
}

/** Names may contain anything, so that what stands at the end of a line counts. The most frequent come first. */
export const forms: readonly Form[] = [
  { op: 'store', beginning: 'Store \t', read: readStore },
  { op: 'create', beginning: 'Create \t', read: (path) => ({ op: 'create', path }) },
  { op: 'mkdir', beginning: 'Mkdir \t', read: (path) => ({ op: 'mkdir', path }) },
  { op: 'remove', beginning: 'Remove \t', read: (path) => ({ op: 'remove', path }) },
  { op: 'rename', beginning: 'Rename \t', read: readRename },
  { op: 'utimes', beginning: 'Utime \t', read: (path) => ({ op: 'utimes', path }) },
  { op: 'chmod', beginning: 'Chmod \t', read: readChmod },
  { op: 'chown', beginning: 'Chown \t', read: readChown },
  { op: 'rmdir', beginning: 'Rmdir \t', read: (path) => ({ op: 'rmdir', path }) },
  { op: 'link', beginning: 'Link \t', read: readLink },
  { op: 'symlink', beginning: SYMLINK, read: readSymlink },
  { op: 'repair', beginning: REPAIR, read: (fid) => ({ op: 'repair', fid }) },
];

function readStore(rest: string): CmlLine | undefined {
  const at = rest.lastIndexOf(LENGTH);
  if (at < 0 || !rest.endsWith(')')) return undefined;
  const length = readDecimal(rest.slice(at + LENGTH.length, -1));
  return length === undefined ? undefined : { op: 'store', path: rest.slice(0, at), length };
}

function readChown(rest: string): CmlLine | undefined {
  const [, path, owner] = /^(.*) \(owner = (-?\d{1,10})\)$/s.exec(rest) ?? [];
  return path === undefined ? undefined : { op: 'chown', path, owner: Number(owner) };
}

function readChmod(rest: string): CmlLine | undefined {
  const [, path, mode = ''] = /^(.*) \(mode = ([0-7]{1,11})\)$/s.exec(rest) ?? [];
  return path === undefined ? undefined : { op: 'chmod', path, mode: Number.parseInt(mode, 8) };
}

function readLink(rest: string): CmlLine | undefined {
  const [, path, name] = /^(.*) to ([^/]+)$/s.exec(rest) ?? [];
  return path === undefined || name === undefined ? undefined : { op: 'link', path, name };
}

function readRename(rest: string): CmlLine | undefined {
  const [, from, to] = /^(.*?) \(to: (.*)\)$/s.exec(rest) ?? [];
  return from === undefined || to === undefined ? undefined : { op: 'rename', from, to };
}

function readSymlink(rest: string): CmlLine | undefined {
  const [, path, target] = /^(.*?) \(--> (.*)\)$/s.exec(rest) ?? [];
  return path === undefined || target === undefined ? undefined : { op: 'symlink', path, target };
}

/** @returns undefined for what is no line of a log */
export function parseCmlLine(text: string): CmlLine | undefined {
  const form = formOf(text);
  return form && readAs(form, text);
}

/** How a line is read that begins with an operation; others go on with the name of the line before. */
function formOf(text: string): Form | undefined {
  for (const form of forms) if (text.startsWith(form.beginning)) return form;
  return undefined;
}

/** @returns undefined for what does not have the form */
export function readAs({ beginning, read }: Form, text: string): CmlLine | undefined {
  const isWhole = text.length > beginning.length || beginning === REPAIR;
  return isWhole ? read(text.slice(beginning.length)) : undefined;
}
