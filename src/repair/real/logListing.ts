/** The modify log of a volume as venus lists it (spec/repair.md, 16.2). */
import { Readable } from 'node:stream';
import { type CmlLine, UNKNOWN_PARENT } from '../../cml/cmlLine.ts';
import { parseCml } from '../../cml/cmlRecords.ts';
import { formatCmlLine } from '../../cml/cmlText.ts';
import { splitPath } from '../../ipc/codaPath.ts';
import { openListing } from '../../ipc/listingFile.ts';
import { decodeText, encodeText } from '../../ipc/text.ts';
import { printable } from '../../term/printable.ts';
import { RepairError } from '../backend.ts';
import { LOCAL_ENTRY } from './objectPaths.ts';

const FOOTER = /(?:^|\n)(\d+) entries total in the modify log for volume [^\n]*\n$/;

/**
 * Reads and removes the listing that venus left.
 * @param name as venus answered it
 * @throws ListingError; CmlTextError; RepairError for one that cannot be understood as a whole
 */
export async function readListing(name: string, uid: number): Promise<readonly CmlLine[]> {
  const pieces: Uint8Array[] = [];
  for (const piece of openListing(name, 'listlocal', uid).lines()) pieces.push(piece.slice());
  return parseListing(decodeText(Buffer.concat(pieces)));
}

/** @throws RepairError; CmlTextError */
export async function parseListing(text: string): Promise<readonly CmlLine[]> {
  const footer = FOOTER.exec(text);
  if (!footer) throw unclear('it has no last line with the number of its entries');
  const body = text.slice(0, footer[0].startsWith('\n') ? footer.index + 1 : footer.index);
  const lines: CmlLine[] = [];
  for await (const line of parseCml(Readable.from([encodeText(body)]))) lines.push(line);
  if (lines.length !== Number(footer[1]))
    throw unclear(`it has ${lines.length} entries that can be told apart, and ${footer[1] ?? ''} altogether`);
  return lines;
}

function unclear(why: string): RepairError {
  return new RepairError('The modify log cannot be understood', {
    why: `Of the listing that venus made, ${why}: a name in it may contain a newline.`,
    next: 'Nothing was changed. See it with cfs listlocal; cfs purgeml, after a checkpoint, gives all of it up.',
  });
}

/**
 * Whether two lines stand for the same record. While something is expanded, and when directories are gone, venus names
 * the same record by other paths: then what it does and its last name decide.
 */
export function isSameRecord(one: CmlLine, other: CmlLine): boolean {
  if (formatCmlLine(one) === formatCmlLine(other)) return true;
  if (one.op === 'repair' || other.op === 'repair') return false;
  if (detailsOf(one) !== detailsOf(other)) return false;
  return pathsOf(one).every((path, at) => mayBeSamePath(path, pathsOf(other)[at] ?? ''));
}

type NamedLine = Exclude<CmlLine, { op: 'repair' }>;

function pathsOf(line: NamedLine): readonly string[] {
  return line.op === 'rename' ? [line.from, line.to] : [line.path];
}

function detailsOf(line: NamedLine): string {
  const bare = line.op === 'rename' ? { ...line, from: '', to: '' } : { ...line, path: '' };
  return formatCmlLine(bare);
}

function mayBeSamePath(one: string, other: string): boolean {
  if (one === other) return true;
  const isUncertain = [one, other].some(
    (path) => path.startsWith(UNKNOWN_PARENT) || path.split('/').includes(LOCAL_ENTRY),
  );
  if (!isUncertain) return false;
  const names = [one, other].map((path) => splitPath(path).entry);
  return names[0] === names[1] || names.includes(LOCAL_ENTRY);
}

/** A record for a person's eyes. */
export function shownRecord(line: CmlLine): string {
  return shownText(formatCmlLine(line));
}

/** The same of its line. */
export function shownText(line: string): string {
  return printable(line.replace(/ ?\t/, ' '));
}
