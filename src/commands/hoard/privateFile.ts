import { constants, createReadStream, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListingError } from '../../ipc/listingFile.ts';

/**
 * A file that venus writes and the caller reads, in a directory that is nobody else's, so that no name in /tmp can be
 * taken before venus opens it (spec/hoard.md, 12, 6).
 * @param write has venus write it
 * @returns its bytes as they are read; the file is gone when they have been
 */
export async function* fileOfVenus(write: (file: string) => Promise<unknown>): AsyncGenerator<Uint8Array> {
  const directory = mkdtempSync(join(tmpdir(), 'coda-hoard-'));
  const file = join(directory, 'out');
  try {
    await write(file);
    for await (const bytes of createReadStream(file, { fd: open(file) }))
      if (bytes instanceof Uint8Array) yield bytes;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function open(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const why =
      'Venus says that it wrote it, but it is not here: venus has another /tmp, as in a container or with a private /tmp.';
    throw new ListingError(file, why, error);
  }
}
