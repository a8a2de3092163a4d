import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A venus for one pioctl: a FIFO in the place of the pioctl file. The first open of the client waits for
 * {@link takeRequest}, the second for {@link answer}, as they would wait for a venus.
 *
 * Nothing here blocks: the client needs the threads of the process they share.
 */
export class PioctlFifo {
  readonly file: string;

  constructor(file: string) {
    this.file = file;
    execFileSync('mkfifo', ['-m', '600', file]);
  }

  /** The bytes that the client writes until it closes the file. */
  async takeRequest(): Promise<Uint8Array> {
    const fd = openSync(this.file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const chunks: Uint8Array[] = [];
      const chunk = new Uint8Array(65_536);
      for (;;) {
        const count = readNow(fd, chunk);
        // Without a writer a FIFO is at its end, before the request as well as after it.
        if (count === 0 && chunks.length > 0) return new Uint8Array(Buffer.concat(chunks));
        if (count !== undefined && count > 0) chunks.push(chunk.slice(0, count));
        else await sleep(1);
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Waits, without giving way to the client's event loop, until the client has opened the file for writing. */
  holdClientInFirstOpen(): number {
    const fd = openSync(this.file, constants.O_RDONLY | constants.O_NONBLOCK);
    while (readNow(fd, new Uint8Array(1)) !== undefined) pause();
    return fd;
  }

  /** Answers, in as many writes as there are parts. */
  async answer(...parts: readonly Uint8Array[]): Promise<void> {
    let fd = openForWriting(this.file);
    for (; fd === undefined; fd = openForWriting(this.file)) await sleep(1);
    try {
      for (const part of parts) {
        if (part.length > 0) writeSync(fd, part);
        await sleep(parts.length > 1 ? 5 : 0);
      }
    } finally {
      closeSync(fd);
    }
  }
}

/** Undefined while there is a writer that has written nothing yet. */
function readNow(fd: number, into: Uint8Array): number | undefined {
  try {
    return readSync(fd, into);
  } catch (error) {
    if (codeOf(error) === 'EAGAIN') return undefined;
    throw error;
  }
}

/** Undefined while nobody has the FIFO open for reading. */
function openForWriting(file: string): number | undefined {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENXIO') return undefined;
    throw error;
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
