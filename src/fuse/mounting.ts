import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { ConfigurationError, InUseError, UnsupportedError } from '../ipc/errors.ts';
import { FILE_SYSTEM_TYPE, mountedCodas } from './mountTable.ts';

const DEVICE = '/dev/fuse';
const SUBTYPE = FILE_SYSTEM_TYPE.slice('fuse.'.length);
const PROGRAM_PLACES = ['/bin', '/usr/bin', '/sbin', '/usr/sbin', '/usr/local/bin'];

/** @throws UnsupportedError that says what is missing on this machine, and how to get it */
export function checkMountable(uid: number, device = DEVICE): void {
  if (!existsSync(device))
    throw new UnsupportedError(`${device}: this system has no FUSE`, {
      why: 'A mount is served by a process of yours through that device, which the kernel has not made.',
      next: 'Load it with: modprobe fuse. In a container, start it with --device /dev/fuse --cap-add SYS_ADMIN.',
    });
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch {
    throw new UnsupportedError(`${device}: you may not use FUSE on this system`, {
      why: 'The device is not open to you.',
      next: 'Ask for access to it (often: membership in the group fuse), or mount as root.',
    });
  }
  if (uid !== 0)
    throw new UnsupportedError('coda mount: only root can mount', {
      why: 'fusermount would let others mount too, but hands its descriptor over in a way that Node cannot take it.',
      next: 'Run coda up and coda mount as root, for instance with sudo.',
    });
}

/**
 * Mounts an empty file system, which the caller is to serve.
 * @returns a descriptor of /dev/fuse, where its requests come
 * @throws UnsupportedError, ConfigurationError
 */
export async function mountAt(directory: string, uid: number, gid: number): Promise<number> {
  checkMountable(uid);
  const fd = openSync(DEVICE, 'r+');
  try {
    const options = [
      'fd=3',
      'rootmode=40000',
      `user_id=${uid}`,
      `group_id=${gid}`,
      'allow_other',
      'nosuid',
      'nodev',
      `subtype=${SUBTYPE}`,
    ].join(',');
    await run(
      spawn('mount', ['-i', '-t', 'fuse', '-o', options, 'coda', directory], {
        stdio: ['ignore', 'ignore', 'pipe', fd],
      }),
    );
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** @throws InUseError if something in it is in use; ConfigurationError */
export async function unmount(directory: string, uid: number, isLazy = false): Promise<void> {
  const words =
    uid === 0
      ? ['umount', ...(isLazy ? ['-l'] : []), directory]
      : ['fusermount', isLazy ? '-uz' : '-u', directory];
  const [program = 'umount', ...rest] = words;
  await run(spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] }), (text) =>
    /busy/.test(text)
      ? new InUseError(`${directory}: something in it is in use`, {
          why: 'A process has a file open there, or works in a directory of it.',
          next: `Find it with: fuser -vm ${directory}. Or take the mount away now, and let it end when nobody uses it: coda umount --lazy ${directory}`,
        })
      : undefined,
  );
}

/**
 * Looks at a directory that is to be mounted on, and takes away what a killed process left there.
 * @returns whether it did
 * @throws InUseError if a living one is mounted there; ConfigurationError if it is no directory
 */
export async function clearPlace(directory: string, uid: number): Promise<boolean> {
  const isMounted = mountedCodas().some((mounted) => mounted.directory === directory);
  if (isMounted && (await isDead(directory))) {
    await unmount(directory, uid, true);
    return true;
  }
  if (isMounted)
    throw new InUseError(`${directory}: a Coda is mounted there already`, {
      next: `Unmount it first: coda umount ${directory}`,
    });
  const found = await lstat(directory).catch(() => undefined);
  if (!found?.isDirectory())
    throw new ConfigurationError(
      `${directory}: ${found ? 'not a directory' : 'there is no such directory'}`,
      {
        next: found ? 'Choose an empty directory.' : `Make it first: mkdir ${directory}`,
      },
    );
  return false;
}

/** Takes away all mounts of a user whose processes have died. @returns where they were */
export async function clearDead(uid: number): Promise<readonly string[]> {
  const cleared: string[] = [];
  for (const mounted of mountedCodas()) {
    if (mounted.uid !== uid || !(await isDead(mounted.directory))) continue;
    await unmount(mounted.directory, uid, true);
    cleared.push(mounted.directory);
  }
  return cleared;
}

/** Whether nobody serves a mount any more: then the kernel answers ENOTCONN to everything. */
async function isDead(directory: string): Promise<boolean> {
  try {
    await lstat(directory);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOTCONN';
  }
}

/** Waits for a program, and says what it said if it fails. */
async function run(
  child: ChildProcess,
  explain: (text: string) => Error | undefined = () => undefined,
): Promise<void> {
  let text = '';
  child.stderr?.on('data', (bytes: Buffer) => (text += bytes.toString()));
  await new Promise<void>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'ENOENT'
          ? new UnsupportedError(`${child.spawnfile}: there is no such program`, {
              why: `It was looked for in PATH; it usually is in one of ${PROGRAM_PLACES.join(', ')}.`,
              next: 'Install it: mount and umount come with util-linux, fusermount with the package fuse or fuse3.',
            })
          : cause,
      ),
    );
    child.once('close', (status) => {
      if (status === 0) resolve();
      else
        reject(
          explain(text) ?? new ConfigurationError(text.trim() || `${child.spawnfile} ended with ${status}`),
        );
    });
  });
}
