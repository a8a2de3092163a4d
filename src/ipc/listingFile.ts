/**
 * Listings that venus leaves in a temporary file, because they are longer than a reply (spec/cfs.md, 6.5 and 6.8): the
 * reply is the file's name, and the caller reads and removes it. Everybody may write to /tmp, and venus itself may be
 * somebody else's: the name and what is found there are hostile until they are checked.
 */
import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { CodaError, ProtocolError } from './errors.ts';
import { systemCode } from '../disk/systemCode.ts';

/** Bytes read at a time. */
const FRAGMENT = 64 * 1024;
const NEWLINE = 0x0a;

/** No link is followed, and what is no file after all (a FIFO, a terminal) neither stops the caller nor becomes his. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** The file that venus named cannot be read, or is none that the caller may trust. */
export class ListingError extends CodaError {
  readonly code = 'listing';
  override readonly unlabelled = true;

  constructor(file: string, why: string, cause?: unknown) {
    super(`Failed to open ${file} for reading`, { why }, { cause });
  }
}

/** A listing that was opened, checked and, if that was possible, removed. */
export interface Listing {
  readonly file: string;
  /** Whether the file is gone. What is open is read all the same. */
  readonly removed: boolean;
  /**
   * The listing in pieces of whole lines, of about 64 KiB; only a line that is longer than that is cut. A piece is valid
   * until the next is asked for. No more is read than was there at the beginning. The file is closed at the end; to be
   * run through once.
   */
  lines(): Generator<Uint8Array>;
}

/**
 * Opens a listing: a regular file, by one name only, that belongs to root or to the caller, at `/tmp/KIND-` and six
 * letters or digits.
 * @param name as venus answered it
 * @param kind `listlocal` or `listcache`
 * @param uid of the calling process
 * @throws ProtocolError for another form of name, ListingError for what cannot be trusted or read
 */
export function openListing(name: string, kind: string, uid: number): Listing {
  const random = name.startsWith(`/tmp/${kind}-`) ? name.slice(`/tmp/${kind}-`.length) : '';
  if (!/^[A-Za-z0-9]{6}$/.test(random))
    throw new ProtocolError(`${kind} reply: not the name of a listing`, {
      why: `Venus answers a name as /tmp/${kind}-a1B2c3. What it answered is not opened.`,
    });
  const descriptor = open(name);
  try {
    const size = checkedSize(name, descriptor, uid);
    // At once: whatever happens from here on, nothing is left behind.
    const removed = remove(name);
    return { file: name, removed, lines: () => wholeLines(descriptor, size) };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function open(file: string): number {
  try {
    return openSync(file, READ_ONLY);
  } catch (error) {
    throw new ListingError(file, whyNotOpened(error), error);
  }
}

function whyNotOpened(error: unknown): string {
  const code = systemCode(error);
  if (code === 'ENOENT')
    return 'There is no such file here: venus has another /tmp, as in a container or with a private /tmp.';
  if (code === 'ELOOP')
    return 'It is a symbolic link, which venus does not make: somebody else put it there.';
  return error instanceof Error ? error.message : String(error);
}

/** @returns bytes */
function checkedSize(file: string, descriptor: number, uid: number): number {
  const stats = fstatSync(descriptor);
  if (!stats.isFile()) throw new ListingError(file, 'It is not a regular file; somebody else put it there.');
  if (stats.uid !== 0 && stats.uid !== uid)
    throw new ListingError(file, `It belongs to the user ${stats.uid}, neither to you nor to root.`);
  if (stats.nlink !== 1)
    throw new ListingError(
      file,
      'It has other names besides: it may be any file, put there by somebody else.',
    );
  return stats.size;
}

function remove(file: string): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch {
    return false;
  }
}

function* wholeLines(descriptor: number, size: number): Generator<Uint8Array> {
  try {
    // Room for the beginning of a line, and what is read behind it.
    const buffer = new Uint8Array(2 * FRAGMENT);
    let begun = 0;
    for (let left = size; left > 0;) {
      const count = readSync(descriptor, buffer, begun, Math.min(FRAGMENT, left), null);
      if (count === 0) break;
      left -= count;
      const filled = begun + count;
      const newline = buffer.subarray(0, filled).lastIndexOf(NEWLINE);
      const end = newline < 0 && filled >= FRAGMENT ? filled : newline + 1;
      if (end > 0) yield buffer.subarray(0, end);
      buffer.copyWithin(0, end, filled);
      begun = filled - end;
    }
    if (begun > 0) yield buffer.subarray(0, begun);
  } finally {
    closeSync(descriptor);
  }
}
