import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { fail } from '../fail.ts';
import { type ContentsDigest, FRAGMENT } from '../net/fileProtocol.ts';
import type { Containers } from '../store/containers.ts';
import type { FileVnode } from '../tree/vnodes.ts';

/** In which stat(2) counts what a file takes. */
const BLOCK = 512;

export interface OpenContents {
  readonly vnode: FileVnode;
  /** To be closed by the caller; none for an empty file. */
  readonly file: FileHandle | undefined;
}

/**
 * Opens the contents of a file, if they are as long as they should be.
 * @param find looks the file up; it is called again where a store was faster
 * @throws VenusError EIO where the contents are lost or damaged
 */
export async function openContents(containers: Containers, find: () => FileVnode): Promise<OpenContents> {
  for (let missing: number | undefined; ;) {
    const vnode = find();
    const { container, length } = vnode;
    if (container === undefined) {
      if (length > 0) fail('EIO', 'The contents of the file were lost.');
      return { vnode, file: undefined };
    }
    const file = await containers.open(container);
    if (file) return { vnode, file: await whole(file, length) };
    // A store may have replaced the container before it could be opened; then there is another one now.
    if (container === missing) fail('EIO', 'The contents of the file are gone from the disk.');
    missing = container;
  }
}

/** @throws VenusError EIO where the end comes early, offset and length being in the file as it should be */
export async function digestOf(
  file: FileHandle | undefined,
  offset: number,
  length: number,
): Promise<ContentsDigest> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(Math.min(FRAGMENT, length));
  for (let done = 0; file && done < length;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - done), offset + done);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  const allocated = file ? (await file.stat()).blocks * BLOCK : 0;
  return { sha256: hash.digest('hex'), allocated };
}

async function whole(file: FileHandle, length: number): Promise<FileHandle> {
  const { size } = await file.stat();
  if (size === length) return file;
  await file.close();
  return fail('EIO', `The contents of the file have ${size} bytes on the disk instead of ${length}.`);
}
