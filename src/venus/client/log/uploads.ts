import type { FileProtocol } from '../../net/fileProtocol.ts';
import { FRAGMENT } from '../../net/fileProtocol.ts';
import type { Remote } from '../../net/link.ts';
import { fail } from '../../fail.ts';
import type { Containers } from '../../store/containers.ts';
import type { LogRecord } from './record.ts';

/** Told how much of a file has gone. */
export type Progress = (sent: number, length: number) => void;

/**
 * Sends the contents of a store ahead of its record.
 * @returns the handle by which the record names them
 */
export async function upload(
  server: Remote<FileProtocol>,
  containers: Containers,
  { mutation, container }: LogRecord,
  progress: Progress,
): Promise<number> {
  const { handle } = await server.call('openStore', { fid: mutation.fid });
  try {
    if (container !== undefined) await sendContents(server, containers, container, handle, progress);
    await server.call('finishStore', { handle });
    return handle;
  } catch (error) {
    await server.call('abandonStore', { handle }).catch(() => undefined);
    throw error;
  }
}

async function sendContents(
  server: Remote<FileProtocol>,
  containers: Containers,
  container: number,
  handle: number,
  progress: Progress,
): Promise<void> {
  const file = (await containers.open(container)) ?? fail('EIO', 'The contents are gone from the cache.');
  try {
    const { size } = await file.stat();
    for (let offset = 0; offset < size;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(FRAGMENT), 0, FRAGMENT, offset);
      if (bytesRead === 0) fail('EIO', 'The contents in the cache are shorter than they should be.');
      await server.call('storeFragment', { handle, bytes: buffer.subarray(0, bytesRead) });
      offset += bytesRead;
      progress(offset, size);
    }
  } finally {
    await file.close();
  }
}
