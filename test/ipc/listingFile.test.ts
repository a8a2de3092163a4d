import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { getuid } from 'node:process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '../../src/ipc/errors.ts';
import { type Listing, ListingError, openListing } from '../../src/ipc/listingFile.ts';
import { bytesOfText, joinBytes, plain } from '../support/bytes.ts';
import { listingName, useListings } from '../support/listingFiles.ts';

const uid = getuid?.() ?? -1;
const makeListing = useListings();

function open(name: string): Listing {
  return openListing(name, 'listlocal', uid);
}

/** The pieces, each of which is gone when the next comes. */
function piecesOf(listing: Listing): readonly Uint8Array[] {
  return Array.from(listing.lines(), plain);
}

function whole(listing: Listing): Uint8Array {
  return joinBytes(...piecesOf(listing));
}

/** Descriptors of this process that are open. */
function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The error of a file that may not be read; it stays where it is. */
function refusal(name: string): ListingError {
  const before = descriptors();
  try {
    open(name);
  } catch (error) {
    expect(descriptors()).toBe(before);
    if (error instanceof ListingError) return error;
    throw error;
  }
  throw new Error('it was opened');
}

describe('a listing', () => {
  test('is read to its end, and is gone as soon as it is open', () => {
    const name = makeListing('one\ntwo\n');
    const before = descriptors();
    const listing = open(name);
    expect(existsSync(name)).toBe(false);
    expect(listing.removed).toBe(true);
    expect(whole(listing)).toEqual(bytesOfText('one\ntwo\n'));
    expect(descriptors()).toBe(before);
  });

  test('that is not read to its end is closed all the same', () => {
    const before = descriptors();
    for (const lines of open(makeListing('x\n'.repeat(100_000))).lines()) {
      expect(lines.length).toBeGreaterThan(0);
      break;
    }
    expect(descriptors()).toBe(before);
  });

  test('comes in pieces of whole lines, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 70_000 }), { maxLength: 12 }), fc.boolean(), (lengths, ended) => {
        const text = lengths.map((length) => 'x'.repeat(length)).join('\n') + (ended ? '\n' : '');
        const pieces = piecesOf(open(makeListing(text)));
        expect(Buffer.concat(pieces).toString('latin1')).toBe(text);
        const longest = Math.max(0, ...lengths) + 1;
        for (const piece of pieces.slice(0, -1)) {
          expect(piece.length).toBeLessThanOrEqual(2 * 64 * 1024);
          if (longest < 64 * 1024) expect(piece.at(-1)).toBe(0x0a);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('keeps every byte', () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 31) % 256);
    expect(whole(open(makeListing(bytes)))).toEqual(plain(bytes));
  });

  test('that is still being written is read as far as it went at first', () => {
    const name = makeListing('one\n');
    const descriptor = openSync(name, 'a');
    try {
      const listing = open(name);
      appendFileSync(descriptor, 'two\n');
      expect(whole(listing)).toEqual(bytesOfText('one\n'));
    } finally {
      closeSync(descriptor);
    }
  });
});

describe('a name that venus answers', () => {
  test.each([
    '',
    '/etc/passwd',
    '/tmp/listlocal-',
    '/tmp/listlocal-abcde',
    '/tmp/listlocal-abcdefg',
    '/tmp/listlocal-../../etc/passwd',
    '/tmp/listlocal-a/b/cd',
    '/tmp/listlocal-abc.ef',
    '/tmp/listlocal-abcdef\n',
    '/tmp/../tmp/listlocal-abcdef',
    'tmp/listlocal-abcdef',
    '/tmp/listcache-abcdef',
    '/var/tmp/listlocal-abcdef',
  ])('is not opened in another form: %j', (name) => {
    expect(() => open(name)).toThrow(ProtocolError);
  });

  test('is that of another kind for another command', () => {
    const name = makeListing('x\n', listingName('listcache'));
    expect(() => open(name)).toThrow(ProtocolError);
    expect(whole(openListing(name, 'listcache', uid))).toEqual(bytesOfText('x\n'));
  });
});

describe('what is found by that name', () => {
  test('may be nothing: venus has another /tmp', () => {
    const name = listingName();
    const error = refusal(name);
    expect(error.message).toBe(`Failed to open ${name} for reading`);
    expect(error.why).toContain('venus has another /tmp');
  });

  test('is not followed where it is a symbolic link', () => {
    const target = makeListing('secret\n');
    const name = listingName();
    symlinkSync(target, name);
    try {
      expect(refusal(name).why).toContain('symbolic link');
      expect(existsSync(name)).toBe(true);
      expect(existsSync(target)).toBe(true);
    } finally {
      rmSync(name);
    }
  });

  test('is not read where it has another name: it may be any file of root', () => {
    const name = makeListing('secret\n');
    const other = listingName();
    linkSync(name, other);
    try {
      expect(refusal(other).why).toContain('other names');
      expect(existsSync(other)).toBe(true);
    } finally {
      rmSync(other);
    }
    expect(whole(open(name))).toEqual(bytesOfText('secret\n'));
  });

  test('is neither a directory nor a FIFO, which would never end', () => {
    const name = listingName();
    mkdirSync(name);
    expect(refusal(name).why).toContain('not a regular file');
    rmSync(name, { recursive: true });
    execFileSync('mkfifo', [name]);
    expect(refusal(name).why).toContain('not a regular file');
    rmSync(name);
  });

  // Only root can give a file to somebody else.
  const asRoot = uid === 0 ? test : () => undefined;
  asRoot('belongs to the caller or to root', () => {
    const foreign = makeListing('x\n');
    chownSync(foreign, 1234, 1234);
    expect(refusal(foreign).why).toContain('belongs to the user 1234');
    expect(existsSync(foreign)).toBe(true);
    expect(whole(openListing(foreign, 'listlocal', 1234))).toEqual(bytesOfText('x\n'));
    expect(whole(openListing(makeListing('y\n'), 'listlocal', 1234))).toEqual(bytesOfText('y\n'));
  });
});
