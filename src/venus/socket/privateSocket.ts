import { chmodSync, lstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { type Server, createConnection } from 'node:net';
import { dirname } from 'node:path';
import { checkSocketPath } from '../../ipc/address.ts';
import { ConfigurationError, InUseError } from '../../ipc/errors.ts';

const [WRITABLE_BY_OTHERS, STICKY] = [0o022, 0o1000];

/**
 * Listens on a Unix socket to which only its owner can connect. Its directory is made if it is not there; a socket that
 * a killed process left behind is replaced.
 * @throws InUseError if another process answers there; ConfigurationError if others could replace the socket
 */
export async function listenPrivately(server: Server, path: string, uid: number): Promise<void> {
  checkSocketPath(path);
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  checkDirectory(directory, uid);
  await removeStale(path);
  await listen(server, path);
  chmodSync(path, 0o600);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    // The socket is made at once, and nothing else under this mask.
    const before = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(before);
    }
  });
}

/** Nobody else may be able to put a socket of his own in the place of ours. */
function checkDirectory(directory: string, uid: number): void {
  const { uid: owner, mode } = statSync(directory);
  const othersCanReplace = (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0;
  if ((owner === uid || owner === 0) && !othersCanReplace) return;
  throw new ConfigurationError(`${directory}: other users may change what is in it`, {
    why: 'One of them could answer in the place of your venus.',
    next: 'Choose a directory that only you can change, with --socket or XDG_RUNTIME_DIR.',
  });
}

/** A socket that a killed venus left behind is in the way of the next one; one that is only busy stays. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new ConfigurationError(`${path}: there is something else by that name`);
  const answered = await new Promise<boolean>((resolve) => {
    const probe = createConnection({ path }, () => {
      probe.destroy();
      resolve(true);
    }).on('error', ({ code }: NodeJS.ErrnoException) =>
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
  if (answered) {
    throw new InUseError(`${path}: another venus answers there`, {
      why: 'It runs with another data directory.',
      next: 'Stop it with coda down, or give this one a socket of its own with --socket.',
    });
  }
  rmSync(path, { force: true });
}
