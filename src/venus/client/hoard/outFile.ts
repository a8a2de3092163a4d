import { constants } from 'node:fs';
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { systemCode } from '../../../disk/systemCode.ts';
import { type ErrnoName, errno } from '../../../ipc/errno.ts';
import { VenusError } from '../../../ipc/errors.ts';
import { encodeText } from '../../../ipc/text.ts';
import { fail } from '../../fail.ts';

/** Bytes written at a time. */
const CHUNK = 64 * 1024;
const STICKY = 0o1000;
const [GROUP_WRITE, OTHERS_WRITE] = [0o020, 0o002];
/** What opening or writing may fail with. */
const CODES: readonly ErrnoName[] = [
  ...(['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ELOOP'] as const),
  ...(['ENAMETOOLONG', 'ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'EIO'] as const),
];
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/**
 * Writes lines into a new file of mode 0600, as the request names it (spec/hoard.md, 8). A file that is there is replaced
 * only if it is venus's own and nothing but a file: no link is followed, and where others could put something else into
 * its place, as in a directory that they may write, nothing is written.
 * @throws VenusError EINVAL for a path that is not absolute; EACCES, and what opening failed with
 */
export async function writeOutFile(path: string, lines: AsyncIterable<string>): Promise<void> {
  if (!isAbsolute(path)) fail('EINVAL', 'The name of the output file is not absolute.');
  await checkDirectory(dirname(path));
  await removeOwn(path);
  const file = await opened(path);
  try {
    await writeAll(file, lines);
  } finally {
    await file.close();
  }
}

async function checkDirectory(directory: string): Promise<void> {
  const { uid, mode } = await found(lstat(directory));
  const own = process.getuid?.();
  const isForOthers = (mode & (GROUP_WRITE | OTHERS_WRITE)) !== 0 && (mode & STICKY) === 0;
  if ((uid !== own && uid !== 0) || isForOthers)
    fail('EACCES', `Others may replace what is in ${directory}: choose a directory of your own.`);
}

/** Makes place for the new file. Whatever it is that is there, it is not written to. */
async function removeOwn(path: string): Promise<void> {
  try {
    const present = await lstat(path);
    if (!present.isFile() || present.nlink > 1 || present.uid !== process.getuid?.())
      fail('EACCES', `${path} is there, and is no file of yours alone.`);
    await unlink(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw asVenusError(error);
  }
}

function opened(path: string): Promise<FileHandle> {
  return found(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
}

async function writeAll(file: FileHandle, lines: AsyncIterable<string>): Promise<void> {
  let text = '';
  for await (const line of lines) {
    text += line;
    if (text.length < CHUNK) continue;
    await found(file.writeFile(encodeText(text)));
    text = '';
  }
  await found(file.writeFile(encodeText(text)));
}

async function found<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asVenusError(error);
  }
}

function asVenusError(error: unknown): unknown {
  const code = systemCode(error);
  const name = CODES.find((known) => known === code);
  return name === undefined ? error : new VenusError(errno(name));
}
