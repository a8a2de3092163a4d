import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../disk/durableDirectory.ts';
import { DataLock } from '../store/dataLock.ts';
import { LOCK_PATIENCE } from './locks.ts';

const METADATA = 'metadata';
const CONTAINERS = 'containers';
/** The database of a server that is being emptied: from its new name on, the server has nothing. */
const EMPTIED = 'metadata.emptied';

/**
 * Removes all that a server keeps below its directory, as if its disk had been replaced. It must not run.
 * @throws InUseError
 */
export async function emptyStore(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const lock = await DataLock.wait(directory, LOCK_PATIENCE);
  try {
    await finishEmptying(directory);
    if (existsSync(join(directory, METADATA))) {
      await rename(join(directory, METADATA), join(directory, EMPTIED));
      await syncDirectory(directory);
    }
    await rm(join(directory, CONTAINERS), { recursive: true, force: true });
    await finishEmptying(directory);
  } finally {
    lock.release();
  }
}

/** Removes what is left of a database where emptying the server was interrupted. */
export async function finishEmptying(directory: string): Promise<void> {
  await rm(join(directory, EMPTIED), { recursive: true, force: true });
}
