import * as fs from 'node:fs/promises';
import { FixFileError } from '../../../ipc/fixFile/fixFile.ts';
import { parseFixBinary } from '../../../ipc/fixFile/fixBinary.ts';
import type { FixSection } from '../../../ipc/fixFile/fixFile.ts';
import type { Fid } from '../../../ipc/fid.ts';
import { fail } from '../../fail.ts';
import { type Credentials, FRAGMENT, type FileProtocol } from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import { systemCode } from '../../../disk/systemCode.ts';

/** Bytes of a fix file that are read. */
const MAX_FIX_FILE = 64 * 1024 * 1024;

/** What a file in conflict becomes: contents that can be read again for each server, and status. */
export interface NewFile {
  /** None for one of this machine: who repairs owns it. */
  readonly owner?: number;
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  contents(): AsyncIterable<Uint8Array>;
}

/** A file of this machine. @throws VenusError EINVAL if it cannot be read, or is no file */
export async function localFile(path: string): Promise<NewFile> {
  const found = await fs.stat(path).catch((error: unknown) => unreadable(path, error));
  if (!found.isFile()) fail('EINVAL', `${path} is no file.`);
  return { mode: found.mode & 0o777, modified: found.mtimeMs, contents: () => readLocal(path) };
}

async function* readLocal(path: string): AsyncGenerator<Uint8Array> {
  const file = await fs.open(path, 'r').catch((error: unknown) => unreadable(path, error));
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(FRAGMENT), 0, FRAGMENT, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** A file in Coda, as a server has it. @throws VenusError EINVAL if it is no file, ENOENT, EACCES */
export async function codaFile(
  server: Remote<FileProtocol>,
  credentials: Credentials,
  fid: Fid,
): Promise<NewFile> {
  const { type, owner, mode, modified } = await server.call('getStatus', { credentials, fid });
  if (type === 'directory') fail('EINVAL', 'It is no file.');
  // A link keeps what it leads to, which never changes.
  if (type === 'symlink') return { owner, mode, modified, contents: nothing };
  return { owner, mode, modified, contents: () => readCoda(server, credentials, fid) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // Nothing is in it.
}

async function* readCoda(
  server: Remote<FileProtocol>,
  credentials: Credentials,
  fid: Fid,
): AsyncGenerator<Uint8Array> {
  const { handle, length } = await server.call('openFetch', { credentials, fid });
  try {
    for (let offset = 0; offset < length;) {
      const bytes = await server.call('fetchFragment', {
        handle,
        offset,
        length: Math.min(FRAGMENT, length - offset),
      });
      if (bytes.length === 0) fail('EIO', 'The contents of the file are shorter than its length.');
      offset += bytes.length;
      yield bytes;
    }
  } finally {
    await server.call('closeFetch', { handle }).catch(() => undefined);
  }
}

/** The sections of a fix file in its binary form. @throws VenusError EINVAL if it cannot be read, or is none */
export async function localFixFile(path: string): Promise<readonly FixSection[]> {
  const { size } = await fs.stat(path).catch((error: unknown) => unreadable(path, error));
  if (size > MAX_FIX_FILE) fail('EINVAL', `${path} is too large for a fix file.`);
  const bytes = await fs.readFile(path).catch((error: unknown) => unreadable(path, error));
  try {
    return parseFixBinary(bytes, path).sections;
  } catch (error) {
    if (error instanceof FixFileError) fail('EINVAL', error.message);
    throw error;
  }
}

function unreadable(path: string, error: unknown): never {
  return fail('EINVAL', `venus cannot read ${path}: ${systemCode(error) ?? String(error)}`);
}
