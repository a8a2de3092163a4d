/** Puts the entries of an archive into a directory of the disk. */
import { closeSync, fchmodSync, ftruncateSync, futimesSync, readSync, writeSync } from 'node:fs';
import type { ArchiveReader } from './archive/archiveReader.ts';
import type { ArchiveEntry, FileEntry, HardlinkEntry, SymlinkEntry } from './archive/entry.ts';
import { ArchiveError } from './archive/errors.ts';
import { systemCode } from '../disk/systemCode.ts';
import { UnsafeNameError, safeParts } from './entryPath.ts';
import type { Place, SafeTree } from './safeTree.ts';

/** What became of an entry. */
export interface Extracted {
  readonly entry: ArchiveEntry;
  /** `present`: it was there already, with the same contents. */
  readonly outcome: 'made' | 'replaced' | 'present' | 'refused';
  /** Why it was refused. */
  readonly why?: string;
}

export interface ExtractOptions {
  /** Replaces files and links that differ; never a directory. */
  readonly force: boolean;
}

/** Errors after which nothing else will go better. */
const hopeless = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE']);
/** Set-uid and the like are not taken from an archive. */
const PLAIN_PERMISSIONS = 0o777;

/**
 * Extracts what is left in the archive. Nothing is written outside the tree or through a link, a file appears as a whole
 * or not at all, and one that is there already with the same contents counts as done: to resume, extract again.
 * @throws ArchiveError; system errors after which nothing can be written
 */
export async function* extractArchive(
  reader: ArchiveReader,
  tree: SafeTree,
  options: ExtractOptions,
): AsyncGenerator<Extracted> {
  for (let read = await reader.next(); read; read = await reader.next()) {
    const { entry } = read;
    yield { entry, ...(await extractOrRefuse(entry, reader, tree, options)) };
  }
}

type Outcome = Omit<Extracted, 'entry'>;

async function extractOrRefuse(
  entry: ArchiveEntry,
  reader: ArchiveReader,
  tree: SafeTree,
  options: ExtractOptions,
): Promise<Outcome> {
  try {
    const parts = safeParts(entry.name);
    if (parts.length === 0) return { outcome: 'present' };
    tree.makeParents(parts);
    return await extract(entry, parts, reader, tree, options);
  } catch (error) {
    const code = systemCode(error);
    if (error instanceof UnsafeNameError) return { outcome: 'refused', why: error.message };
    if (error instanceof ArchiveError && reader.goesOn) return { outcome: 'refused', why: error.message };
    if (code === undefined || hopeless.has(code) || !(error instanceof Error)) throw error;
    return { outcome: 'refused', why: code === 'EEXIST' ? 'something else is there now' : error.message };
  }
}

async function extract(
  entry: ArchiveEntry,
  place: Place,
  reader: ArchiveReader,
  tree: SafeTree,
  { force }: ExtractOptions,
): Promise<Outcome> {
  const there = tree.status(place);
  if (there?.isDirectory()) {
    if (entry.type === 'directory') return { outcome: 'present' };
    return { outcome: 'refused', why: 'there is a directory by that name' };
  }
  if (entry.type === 'directory') {
    if (there !== undefined) return { outcome: 'refused', why: 'there is something else by that name' };
    tree.makeDirectory(place, entry.mode & PLAIN_PERMISSIONS);
    return { outcome: 'made' };
  }
  if (there !== undefined) {
    if (await isSame(entry, place, reader, tree)) return { outcome: 'present' };
    if (!force) return { outcome: 'refused', why: 'it is there already, and differs' };
  }
  await makePart(entry, reader, tree);
  tree.putPart(place, there !== undefined);
  return { outcome: there === undefined ? 'made' : 'replaced' };
}

async function makePart(
  entry: Exclude<ArchiveEntry, { type: 'directory' }>,
  reader: ArchiveReader,
  tree: SafeTree,
): Promise<void> {
  switch (entry.type) {
    case 'file':
      await makeFile(entry, reader, tree);
      break;
    case 'symlink':
      tree.makePartLink(entry.target);
      break;
    case 'hardlink':
      tree.makePartName(fileOf(entry, tree));
  }
}

async function makeFile(entry: FileEntry, reader: ArchiveReader, tree: SafeTree): Promise<void> {
  const fd = tree.openPart();
  try {
    let length = 0;
    for await (const bytes of reader.contents()) {
      writeOrSkip(fd, bytes, length);
      length += bytes.length;
    }
    ftruncateSync(fd, length);
    fchmodSync(fd, entry.mode & PLAIN_PERMISSIONS);
    futimesSync(fd, entry.modified / 1000, entry.modified / 1000);
  } finally {
    closeSync(fd);
  }
}

const HOLE = 64 * 1024;

/** Zeros become holes, so that a sparse file of many gigabytes does not fill the disk. */
function writeOrSkip(fd: number, bytes: Uint8Array, position: number): void {
  if (bytes.length >= HOLE && isZero(bytes)) return;
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
}

function isZero(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer[0] === 0 && buffer.compare(buffer, 1, buffer.length, 0, buffer.length - 1) === 0;
}

/** The file that a hard link is a further name of. */
function fileOf({ target }: HardlinkEntry, tree: SafeTree): Place {
  const parts = safeParts(target);
  if (parts.length > 0 && tree.status(parts)?.isFile()) return parts;
  throw new UnsafeNameError(target, 'the file of a hard link is not there');
}

async function isSame(
  entry: FileEntry | SymlinkEntry | HardlinkEntry,
  place: Place,
  reader: ArchiveReader,
  tree: SafeTree,
): Promise<boolean> {
  const there = tree.status(place);
  switch (entry.type) {
    case 'symlink':
      return there?.isSymbolicLink() === true && tree.target(place) === entry.target;
    case 'hardlink': {
      const other = tree.status(fileOf(entry, tree));
      return other !== undefined && other.ino === there?.ino && other.dev === there.dev;
    }
    case 'file':
      if (there?.isFile() !== true || there.size !== entry.size) return false;
      return hasContents(tree.openFile(place), reader);
  }
}

/** Compares a file on the disk, which is closed then, with the contents of the entry at hand. */
async function hasContents(fd: number, reader: ArchiveReader): Promise<boolean> {
  let buffer = Buffer.alloc(0);
  try {
    let position = 0;
    for await (const bytes of reader.contents()) {
      if (bytes.length > buffer.length) buffer = Buffer.alloc(bytes.length);
      const got = readFully(fd, buffer, bytes.length, position);
      if (got !== bytes.length || buffer.compare(bytes, 0, bytes.length, 0, got) !== 0) return false;
      position += got;
    }
    return true;
  } finally {
    closeSync(fd);
  }
}

function readFully(fd: number, buffer: Buffer, length: number, position: number): number {
  let got = 0;
  while (got < length) {
    const count = readSync(fd, buffer, got, length - got, position + got);
    if (count === 0) break;
    got += count;
  }
  return got;
}
