import { ArchiveReader, type ReadOptions } from '../../../cml/archive/archiveReader.ts';
import { fileInput } from '../../../cml/archive/input.ts';
import { openIfThere } from '../../../cml/checkpointFiles.ts';
import { CodaError } from '../../../ipc/errors.ts';

/** The archive cannot be opened, or an entry could not be rescued. */
export class RescueError extends CodaError {
  readonly code = 'rescue';
}

/**
 * Opens an archive while something is done with it, which may read it several times.
 * @throws RescueError for what is no regular file; ArchiveError for what is no archive
 */
export async function withArchive<T>(
  path: string,
  work: (open: (options?: ReadOptions) => Promise<ArchiveReader>) => Promise<T>,
): Promise<T> {
  const file = await openIfThere(path).catch((cause: unknown) => {
    throw new RescueError('cannot be opened', { why: String(cause) }, { cause });
  });
  if (file === undefined) {
    throw new RescueError('No such file or directory', { next: 'See which there are: coda rescue' });
  }
  try {
    if (!(await file.stat()).isFile()) throw new RescueError('not a regular file');
    return await work(async (options) => ArchiveReader.open(await fileInput(file), options));
  } finally {
    await file.close();
  }
}
